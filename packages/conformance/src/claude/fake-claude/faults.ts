/**
 * What can be made to go wrong. `fault: NAME[,NAME…] PROMPT` runs PROMPT with these faults; the environment variable
 * `FAKE_CLAUDE_FAULTS=NAME[,NAME…]` applies them to the whole process.
 *
 * | Fault | What happens |
 * |---|---|
 * | `no-result` | everything comes but the result; the process stays, and takes it that the turn is over |
 * | `duplicate-result` | the result comes twice |
 * | `result-without-text` | no piece and no message of the answer comes, only the result, which carries it |
 * | `late-chunk` | the text delta `late` comes after the result |
 * | `garbage` | lines on stdout that are no message: no JSON, half of one, no object, not UTF-8, 1 MB long |
 * | `split-writes` | each line is written in several pieces, cut anywhere, inside characters too |
 * | `stderr-noise` | warnings, half lines and bytes that are not UTF-8 on stderr, before, during and after |
 * | `dies-mid-text` | kills itself by SIGKILL in the middle of the text |
 * | `dies-mid-tool` | kills itself by SIGKILL once a Bash command runs, and leaves it running |
 * | `freezes` | stops itself by SIGSTOP in the middle of the text |
 * | `closes-stdout` | closes its stdout in the middle of the text, and stays |
 * | `exits-after-result` | exits with 0 after the result |
 * | `hangs-on-exit` | stays after the end of stdin and after SIGTERM and SIGINT, from then on |
 * | `ignores-interrupt` | neither answers an interrupt nor heeds it |
 * | `slow-interrupt` | answers and heeds an interrupt 2 s late |
 * | `early-interrupt-lost` | as 2.1.330: an interrupt before the turn's `init` is answered and has no effect |
 * | `not-signed-in` | the answer is `Not logged in · Please run /login`, an error |
 * | `invalid-api-key` | the answer is `Invalid API key · Fix external API key`, an error |
 * | `no-initialize` | never answers `initialize` (environment only) |
 * | `slow-start` | reads nothing for 2 s (environment only) |
 * | `dies-at-start` | exits with 1 and a message on stderr, before it reads anything (environment only) |
 * | `session-lost` | knows no conversation that it is to resume (environment only) |
 */
export const faultNames = [
  'no-result',
  'duplicate-result',
  'result-without-text',
  'late-chunk',
  'garbage',
  'split-writes',
  'stderr-noise',
  'dies-mid-text',
  'dies-mid-tool',
  'freezes',
  'closes-stdout',
  'exits-after-result',
  'hangs-on-exit',
  'ignores-interrupt',
  'slow-interrupt',
  'early-interrupt-lost',
  'not-signed-in',
  'invalid-api-key',
  'no-initialize',
  'slow-start',
  'dies-at-start',
  'session-lost',
] as const;

/** The name of one fault. */
export type Fault = (typeof faultNames)[number];

/** How late what is `slow-…` comes, in ms. */
export const slownessMs = 2_000;

/** Takes the faults off the front of a prompt. @throws {TypeError} for a name that is no fault's */
export function splitFaults(prompt: string): { readonly faults: ReadonlySet<Fault>; readonly prompt: string } {
  const [, names = '', rest = ''] = /^fault: ([a-z,-]+) ([\s\S]*)$/.exec(prompt) ?? [];
  return names === '' ? { faults: new Set(), prompt } : { faults: parseFaults(names), prompt: rest };
}

/** Understands `NAME[,NAME…]`; nothing is no fault. @throws {TypeError} for a name that is no fault's */
export function parseFaults(names: string): Set<Fault> {
  const faults = new Set<Fault>();
  for (const name of names.split(',').filter((name) => name !== '')) {
    const fault = faultNames.find((known) => known === name);
    if (fault === undefined) throw new TypeError(`"${name}" is no fault. There are: ${faultNames.join(', ')}.`);
    faults.add(fault);
  }
  return faults;
}
