import { type CallOptions, InstanceError } from '@ccb/instance-interface';
import { anySignal } from '@ccb/instance-interface/abstract';
import type { Engine, ImageProgress } from '../engine/engine.ts';
import { type HostProgram, hostProgram, hostPrograms, onPath } from './host-programs.ts';
import { hostRoot } from './host-root.ts';
import { tarStream } from './tar.ts';

const CLAUDE = '/usr/local/bin/claude';
/** Those of image/Dockerfile; PATH is in its base image. */
const CHANGES: readonly string[] = [
  'ENV PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 DISABLE_AUTOUPDATER=1 DISABLE_TELEMETRY=1 DISABLE_ERROR_REPORTING=1',
  'LABEL org.opencontainers.image.title="ccb/claude" org.opencontainers.image.description="Claude Code for ccb"',
  'USER node',
  'WORKDIR /workspace',
  'CMD ["bash"]',
];
const BUILD_MS = 300_000;

export interface HostImageOptions extends CallOptions {
  /** Claude Code's program. Default: `claude` on PATH, and none where there is none. */
  readonly claude?: string | undefined;
  readonly progress?: ImageProgress | undefined;
}

/**
 * Makes an image without any registry, of this machine's own Node, Claude Code, bash, flock, git and usual tools.
 * The engine must run on the same kind of processor. Default deadline 5 min.
 * @throws {InstanceError} CCB_NOT_SUPPORTED where this is not Linux with the GNU C library, CCB_PROGRAM_NOT_FOUND naming
 * what is missing, CCB_IMAGE_BUILD when a program changes meanwhile, and what {@link Engine.importImage} throws
 */
export async function buildImageFromHost(
  engine: Pick<Engine, 'importImage'>,
  name: string,
  options: HostImageOptions = {},
): Promise<void> {
  checkHost();
  const { signal, progress = () => {} } = options;
  const programs = await hostPrograms(signal);
  const claude = await claudeProgram(options.claude, progress);
  progress(`Node ${process.version} and ${programs.length - 1} programs of this machine`);
  const all = claude === undefined ? programs : [...programs, claude];
  await importPrograms(engine, name, all, CHANGES, { signal, timeoutMs: options.timeoutMs ?? BUILD_MS, progress });
}

/** An image of these programs, and what they need, with these instructions of a Dockerfile. */
export async function importPrograms(
  engine: Pick<Engine, 'importImage'>,
  name: string,
  programs: readonly HostProgram[],
  changes: readonly string[],
  { signal, timeoutMs, progress }: Omit<HostImageOptions, 'claude'>,
): Promise<void> {
  const root = await hostRoot(programs, signal);
  const broken = new AbortController();
  const tar = tarStream(root).once('error', (cause) => broken.abort(unreadable(name, cause)));
  try {
    const call = { signal: anySignal(broken.signal, signal), timeoutMs };
    await engine.importImage(name, tar, changes, progress, call);
  } finally {
    tar.destroy();
  }
}

function unreadable(name: string, cause: Error): InstanceError {
  const message = `The image ${name} could not be made of this machine's programs: ${cause.message}. Build it again.`;
  return new InstanceError('CCB_IMAGE_BUILD', message, { cause, retryable: true });
}

/** @throws {InstanceError} CCB_NOT_SUPPORTED */
export function checkHost(platform: string = process.platform, hasGlibc: boolean = usesGlibc()): void {
  const instead = 'Build the image with the registry.';
  if (platform !== 'linux') {
    const message = `An image runs programs of Linux, and this machine's are of ${platform}: it cannot be made of them. ${instead}`;
    throw new InstanceError('CCB_NOT_SUPPORTED', message);
  }
  if (!hasGlibc) {
    const message = `This machine uses musl; an image from the host is made with the GNU C library alone. ${instead}`;
    throw new InstanceError('CCB_NOT_SUPPORTED', message);
  }
}

function usesGlibc(): boolean {
  const { header } = process.report.getReport() as { readonly header?: { readonly glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime !== undefined;
}

async function claudeProgram(wanted: string | undefined, progress: ImageProgress): Promise<HostProgram | undefined> {
  const from = wanted ?? (await onPath('claude'));
  if (from === undefined) {
    progress('No Claude Code on PATH: the image has none, and serves the program shell alone');
    return undefined;
  }
  const program = await hostProgram(CLAUDE, from);
  if (program.isElf) {
    progress(`Claude Code from ${program.file}`);
    return program;
  }
  const problem = `${from} is a script that starts Claude Code, not the program itself`;
  if (wanted !== undefined) {
    throw new InstanceError('CCB_PROGRAM_NOT_FOUND', `${problem}. Name the program, or install a newer Claude Code.`);
  }
  progress(`${problem}: the image has none, and serves the program shell alone`);
  return undefined;
}
