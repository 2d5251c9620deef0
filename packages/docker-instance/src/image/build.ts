import { Readable } from 'node:stream';
import { type CallOptions, InstanceError } from '@ccb/instance-interface';
import type { Engine, ImageProgress } from '../engine/engine.ts';
import { buildContext, defaultImage } from './default-image.ts';
import { buildImageFromHost } from './host-image.ts';

const BUILD_MS = 900_000;
const LAST_LINES = 20;
const NO_NETWORK =
  /no such host|dial tcp|network is unreachable|connection refused|connection reset|i\/o timeout|tls handshake timeout|temporary failure resolving|could not resolve|server misbehaving|proxyconnect|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ENETUNREACH|client\.timeout exceeded|context deadline exceeded|request canceled/i;

export interface BuildImageOptions extends CallOptions {
  /** Default `ccb/claude`. */
  readonly name?: string | undefined;
  /**
   * `registry`: from its Dockerfile, with a base image, Debian packages and Claude Code from npm. `host`: from this
   * machine's own programs. `auto` (default): the first, and the second where there is no network for it.
   */
  readonly from?: 'registry' | 'host' | 'auto' | undefined;
  /** Of Claude Code, from npm: a version, or a tag such as `latest`. Default: the one that ccb is tested with. */
  readonly claudeVersion?: string | undefined;
  /** What happens, line by line, for people. */
  readonly progress?: ImageProgress | undefined;
}

/**
 * Builds the image that instances run in by default. Default deadline 15 min, for all of it.
 * @returns where it was built from
 * @throws {InstanceError} CCB_IMAGE_BUILD with the last lines of its output when a step fails, CCB_TIMEOUT,
 * CCB_BACKEND_UNREACHABLE, and what {@link buildImageFromHost} throws
 */
export async function buildDefaultImage(
  engine: Pick<Engine, 'buildImage' | 'importImage'>,
  options: BuildImageOptions = {},
): Promise<'registry' | 'host'> {
  const { name = defaultImage, from = 'auto', claudeVersion, progress = () => {}, signal } = options;
  if (from !== 'auto' && from !== 'registry' && from !== 'host') {
    throw new TypeError(`from must be registry, host or auto: ${String(from)}`);
  }
  if (from === 'host' && claudeVersion !== undefined) {
    throw new TypeError(
      'claudeVersion is for an image from the registry: one from the host has the Claude Code of the host',
    );
  }
  const ends = performance.now() + (options.timeoutMs ?? BUILD_MS);
  const call = (): CallOptions => ({ signal, timeoutMs: Math.max(1, Math.ceil(ends - performance.now())) });
  const context = await buildContext(claudeVersion);
  if (from !== 'host') {
    try {
      await buildFromRegistry(engine, name, context, progress, call());
      return 'registry';
    } catch (error) {
      if (from !== 'auto' || !isNoNetwork(error)) throw error;
      progress(
        "No network for that. Building from this machine's own programs instead, with the Claude Code that it has",
      );
    }
  }
  await buildImageFromHost(engine, name, { ...call(), progress });
  return 'host';
}

async function buildFromRegistry(
  engine: Pick<Engine, 'buildImage'>,
  name: string,
  context: Buffer,
  progress: ImageProgress,
  call: CallOptions,
): Promise<void> {
  const last: string[] = [];
  const keep = (line: string): void => {
    last.push(line);
    if (last.length > LAST_LINES) last.shift();
    progress(line);
  };
  try {
    await engine.buildImage(name, Readable.from([context]), keep, call);
  } catch (cause) {
    if (!InstanceError.is(cause) || isOfTheEngine(cause)) throw cause;
    const message = [`The image ${name} could not be built: ${cause.message}`, ...last].join('\n');
    throw new InstanceError('CCB_IMAGE_BUILD', message, { cause, retryable: isNoNetwork(cause) });
  }
}

function isOfTheEngine(error: InstanceError): boolean {
  return ['CCB_TIMEOUT', 'CCB_CLOSED', 'CCB_BACKEND_UNREACHABLE', 'CCB_DISK_FULL'].includes(error.code);
}

function isNoNetwork(error: unknown): boolean {
  return InstanceError.is(error) && !isOfTheEngine(error) && NO_NETWORK.test(error.message);
}
