import { EXIT } from '../exit-code.ts';
import { wantsColor } from '../options/color.ts';
import type { Flags } from '../options/settings.ts';
import { withRunner } from '../runner.ts';
import { Report } from '../terminal/report.ts';

/** `ccb doctor`: what this machine has and lacks, a line each. Exit code 3 where there is a problem. */
export function doctor(flags: Flags): Promise<number> {
  // Here an image is not one of an instance that is made.
  const { image: typed, ...others } = flags;
  return withRunner(others, { endLine: 'on-terminal' }, async (runner) => {
    const { describeFinding, examine, hasProblem } = await import('@ccb/doctor');
    const { settings, signals, status, backends } = runner;
    const report = new Report(runner);
    const color = wantsColor(settings.color, process.env, process.stdout.isTTY ?? false);
    const image = typed ?? runner.configuration.values.image;
    const { timeoutMs } = settings;
    const found = [];
    status.start('looking');
    for await (const finding of examine({ manager: backends.manager, image, timeoutMs, signal: signals.leaving })) {
      status.erase();
      found.push(finding);
      if (settings.json) await report.json(finding);
      else if (finding.status !== 'ok' || flags.quiet !== true)
        await report.text(`${describeFinding(finding, { color })}\n`);
    }
    return hasProblem(found) ? EXIT.instance : EXIT.success;
  });
}
