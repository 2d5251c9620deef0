/** What the command line asks for. */
export interface CommandLine {
  readonly version: boolean;
  readonly print: boolean;
  readonly inputFormat: string;
  readonly outputFormat: string;
  readonly verbose: boolean;
  readonly partialMessages: boolean;
  /** Prompts are repeated on stdout when their turn begins. */
  readonly replays: boolean;
  /** Permissions are asked for over stdout. */
  readonly asks: boolean;
  readonly sessionId: string | undefined;
  readonly resume: string | undefined;
  readonly skipPermissions: boolean;
  readonly permissionMode: string | undefined;
  readonly model: string | undefined;
}

const flags = [
  '--print',
  '--verbose',
  '--version',
  '--include-partial-messages',
  '--replay-user-messages',
  '--dangerously-skip-permissions',
  '--allow-dangerously-skip-permissions',
  '--strict-mcp-config',
  '--fork-session',
  '--no-session-persistence',
  '--disable-slash-commands',
];
const withValue = [
  '--input-format',
  '--output-format',
  '--permission-prompt-tool',
  '--permission-mode',
  '--session-id',
  '--resume',
  '--model',
  '--fallback-model',
  '--system-prompt',
  '--append-system-prompt',
  '--settings',
  '--setting-sources',
  '--max-turns',
  '--effort',
  '--agents',
  '--name',
];
const withValues = [
  '--allowed-tools',
  '--allowedTools',
  '--disallowed-tools',
  '--disallowedTools',
  '--add-dir',
  '--mcp-config',
  '--tools',
  '--betas',
];
const short: Readonly<Record<string, string>> = { '-p': '--print', '-v': '--version', '-r': '--resume' };

/** Understands the arguments. @throws {TypeError} with the program's own message */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const given = new Map<string, string>();
  for (let at = 0; at < args.length; at++) {
    const [written = '', ...rest] = (args[at] ?? '').split('=');
    const option = short[written] ?? written;
    let value = rest.length > 0 ? rest.join('=') : undefined;
    if (withValue.includes(option)) {
      value ??= args[++at];
      if (value === undefined) throw new TypeError(`error: option '${option} <value>' argument missing`);
    } else if (withValues.includes(option)) {
      while (value === undefined && args[at + 1] !== undefined && !args[at + 1]?.startsWith('-')) at++;
    } else if (!flags.includes(option)) {
      if (option.startsWith('-')) throw new TypeError(`error: unknown option '${option}'`);
    }
    given.set(option, value ?? '');
  }
  return {
    version: given.has('--version'),
    print: given.has('--print'),
    inputFormat: given.get('--input-format') ?? 'text',
    outputFormat: given.get('--output-format') ?? 'text',
    verbose: given.has('--verbose'),
    partialMessages: given.has('--include-partial-messages'),
    replays: given.has('--replay-user-messages'),
    asks: given.get('--permission-prompt-tool') === 'stdio',
    sessionId: given.get('--session-id'),
    resume: given.get('--resume'),
    skipPermissions: given.has('--dangerously-skip-permissions'),
    permissionMode: given.get('--permission-mode'),
    model: given.get('--model'),
  };
}
