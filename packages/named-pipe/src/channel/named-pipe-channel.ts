import fs from 'node:fs';
import { checkCallOptions, type PipeCallOptions } from '../deadline.ts';
import { checkMode, makeFifos } from '../fifo/mkfifo.ts';
import { checkOwner, type OwnerOptions } from '../fifo/ownership.ts';
import { checkPath } from '../fifo/pathname.ts';
import { acquireLock, type FileLock } from '../lock.ts';
import type { ChannelOptions } from './channel.ts';
import { resolveChannelOptions } from './channel.ts';
import { PeerChannel } from './peer-channel.ts';
import { PipeCarrier } from './pipe-carrier.ts';

const DEFAULT_TIMEOUT_MS = 5_000;
const LONGEST_SUFFIX = '.connect.lock';

export interface ListenOptions<In = unknown> extends ChannelOptions<In>, PipeCallOptions, OwnerOptions {
  /** Permission bits of FIFOs that are made. Default 0o660. */
  readonly mode?: number | undefined;
  /** Leave the FIFOs and the lock file behind at close(). Default false. */
  readonly keep?: boolean | undefined;
  /** The file that keeps a second listener out; false: none. Default `<path>.listen.lock`. */
  readonly lock?: string | false | undefined;
}

export interface ConnectOptions<In = unknown> extends ChannelOptions<In>, PipeCallOptions, OwnerOptions {
  /** The file that keeps a second connector out, whose lines would mix; false: none. Default `<path>.connect.lock`. */
  readonly lock?: string | false | undefined;
  /** Resolve at once and wait for the peer in the background. Default false. */
  readonly lazy?: boolean | undefined;
}

interface Place {
  readonly path: string;
  readonly listens: boolean;
  readonly unlink: boolean;
  readonly lock: FileLock | undefined;
}

/** One end of `<path>.in.fifo` and `<path>.out.fifo` (named as the listener sees them). Linux. */
export class NamedPipeChannel<In = unknown, Out = unknown> extends PeerChannel<In, Out> {
  /** Absolute, without the suffixes. */
  readonly path: string;
  readonly #place: Place;

  private constructor(place: Place, options: ChannelOptions<In> & OwnerOptions) {
    const [read, write] = place.listens ? ['in', 'out'] : ['out', 'in'];
    const carrier = new PipeCarrier({
      reads: `${place.path}.${read}.fifo`,
      writes: `${place.path}.${write}.fifo`,
      owner: options.owner,
      follow: !place.listens,
      unlink: place.unlink,
      log: resolveChannelOptions(options).log,
    });
    super(carrier, options);
    this.path = place.path;
    this.#place = place;
  }

  /**
   * Makes the two FIFOs, or takes over those that a listener left; resolves when peers can connect. `timeoutMs`: default 5000.
   * @throws {NamedPipeError} CCB_PIPE_LOCKED (naming the other listener), CCB_PIPE_UNSAFE, CCB_PIPE_DOWN, CCB_PIPE_TIMEOUT
   */
  static async listen<In = unknown, Out = unknown>(
    path: string,
    options: ListenOptions<In> = {},
  ): Promise<NamedPipeChannel<In, Out>> {
    const base = checkOptions(path, options);
    const mode = checkMode(options.mode);
    const unlink = !options.keep;
    const lock = await takeLock(options.lock ?? `${base}.listen.lock`, options);
    try {
      const paths = [`${base}.in.fifo`, `${base}.out.fifo`];
      const made = await makeFifos(paths, { mode, owner: options.owner, timeoutMs: options.timeoutMs });
      try {
        options.signal?.throwIfAborted();
        const channel = new NamedPipeChannel<In, Out>({ path: base, listens: true, unlink, lock }, options);
        channel.start();
        return channel;
      } catch (error) {
        for (const each of made) fs.rmSync(each, { force: true });
        throw error;
      }
    } catch (error) {
      await lock?.release({ unlink });
      throw error;
    }
  }

  /**
   * The other end; resolves when a listener has answered, waiting for it to begin if need be. `timeoutMs`: default 5000.
   * @throws {NamedPipeError} CCB_PIPE_TIMEOUT (saying what is missing), CCB_PIPE_LOCKED, CCB_PIPE_UNSAFE, CCB_PIPE_DOWN
   */
  static async connect<In = unknown, Out = unknown>(
    path: string,
    options: ConnectOptions<In> = {},
  ): Promise<NamedPipeChannel<In, Out>> {
    const base = checkOptions(path, options);
    const lock = await takeLock(options.lock ?? `${base}.connect.lock`, options);
    const channel = new NamedPipeChannel<In, Out>({ path: base, listens: false, unlink: false, lock }, options);
    try {
      channel.start();
      if (!options.lazy) await channel.whenUp(limits(options));
      return channel;
    } catch (error) {
      await channel.close();
      throw error;
    }
  }

  protected override async released(): Promise<void> {
    const { lock, listens, unlink } = this.#place;
    await lock?.release({ unlink: unlink || !listens });
  }
}

function checkOptions(path: string, options: ListenOptions | ConnectOptions): string {
  checkCallOptions(options);
  checkOwner(options);
  resolveChannelOptions(options);
  options.signal?.throwIfAborted();
  const { lock } = options;
  if (lock !== undefined && lock !== false) checkPath(lock);
  return checkPath(path, LONGEST_SUFFIX);
}

async function takeLock(path: string | false, options: OwnerOptions & PipeCallOptions): Promise<FileLock | undefined> {
  return path === false ? undefined : acquireLock(path, { owner: options.owner, ...limits(options) });
}

function limits(options: PipeCallOptions): PipeCallOptions {
  return { signal: options.signal, timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS };
}
