import { DriverError } from '../driver-error.ts';

/** The protocol that the driver speaks. Replayed prompts tell which turn is whose. */
const PROTOCOL: readonly string[] = [
  '-p',
  '--input-format',
  'stream-json',
  '--output-format',
  'stream-json',
  '--verbose',
  '--include-partial-messages',
  '--replay-user-messages',
  '--permission-prompt-tool',
  'stdio',
];

const PROTOCOL_REASON = 'ccb sets how it talks to Claude Code';
const SESSION_REASON = 'ccb chooses the conversation and goes on with it after a restart';
const ONE_SHOT_REASON = 'Claude Code would do that instead of taking commands';

const REFUSED: ReadonlyMap<string, string> = new Map([
  ...['-p', '--print', '--input-format', '--output-format', '--permission-prompt-tool', '--permission-prompts'].map(
    (name) => [name, PROTOCOL_REASON] as const,
  ),
  ...['-c', '--continue', '-r', '--resume', '--session-id', '--fork-session', '--from-pr', '--teleport', '--cloud'].map(
    (name) => [name, SESSION_REASON] as const,
  ),
  ['--no-session-persistence', SESSION_REASON],
  ...['-v', '--version', '-h', '--help', '--bg', '--background', '--tmux', '--desktop'].map(
    (name) => [name, ONE_SHOT_REASON] as const,
  ),
  ['--', 'what follows it would be a prompt'],
]);

/** Which conversation to begin, or to go on with. */
export interface Conversation {
  readonly sessionId: string;
  readonly resume: boolean;
}

/** @throws {DriverError} CCB_PROGRAM_ARGS for an argument of a person's that would break the protocol */
export function commandLine(conversation: Conversation, args: readonly string[]): readonly string[] {
  for (const arg of args) {
    const name = refusedName(arg);
    if (name === undefined) continue;
    const message = `Claude Code cannot be started with ${name}: ${REFUSED.get(name)}. Leave it out of the program's arguments.`;
    throw new DriverError('CCB_PROGRAM_ARGS', message);
  }
  return [...PROTOCOL, conversation.resume ? '--resume' : '--session-id', conversation.sessionId, ...args];
}

function refusedName(arg: string): string | undefined {
  if (REFUSED.has(arg)) return arg;
  const long = /^(--[^=]+)=/.exec(arg)?.[1];
  if (long !== undefined) return REFUSED.has(long) ? long : undefined;
  // A short option with its value, or several in one: `-rID`, `-pc`. `-d` takes a value, `-n` and `-w` too.
  const short = /^-([prcvh])/.exec(arg)?.[1];
  return short === undefined ? undefined : `-${short}`;
}
