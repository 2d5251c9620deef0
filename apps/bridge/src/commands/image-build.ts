import { formatDuration } from '../options/duration.ts';
import type { Flags } from '../options/settings.ts';
import { withRunner } from '../runner.ts';
import { BuildProgress } from '../terminal/build-progress.ts';
import { UsageError } from '../usage-error.ts';

export interface ImageBuildFlags extends Pick<Flags, 'quiet' | 'verbose' | 'color' | 'timeout'> {
  readonly from?: 'registry' | 'host' | 'auto' | undefined;
  readonly name?: string | undefined;
  readonly claudeVersion?: string | undefined;
}

const SOURCE = { registry: 'its Dockerfile', host: 'the programs of this machine' } as const;

/** `ccb image build`: the image that containers run in by default; its name on stdout. Returns the exit code. */
export function imageBuild(flags: ImageBuildFlags): Promise<number> {
  return withRunner(flags, { endLine: 'on-terminal' }, async ({ settings, notices, signals, status, stdout }) => {
    const { buildImage, defaultImage } = await import('@ccb/docker-instance');
    const { name = defaultImage, from = 'auto', claudeVersion } = flags;
    const progress = new BuildProgress({ notices, status, everyLine: !process.stderr.isTTY || flags.verbose === true });
    const since = performance.now();
    status.start(`building ${name}`);
    try {
      const source = await buildImage({
        name,
        from,
        claudeVersion,
        progress: (line) => progress.take(line),
        signal: signals.leaving,
        timeoutMs: settings.timeoutMs,
      });
      notices.info(`${name} was built from ${SOURCE[source]} in ${formatDuration(performance.now() - since)}`);
    } catch (cause) {
      if (!(cause instanceof TypeError && cause.message.startsWith('claudeVersion'))) throw cause;
      throw new UsageError(`${cause.message.replace('claudeVersion', '--claude-version')}.`, { cause });
    } finally {
      status.stop();
    }
    await stdout.write(`${name}\n`, signals.leaving);
    return 0;
  });
}
