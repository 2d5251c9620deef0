/**
 * What a prompt asks the fake model to do. The first line decides; a prompt that names nothing is echoed.
 *
 * | Prompt | The fake model |
 * |---|---|
 * | `say: TEXT` | answers exactly TEXT, in pieces |
 * | `lines: N` | answers `1\n2\n…N\n`, in pieces |
 * | `slow: N` | answers `w0 w1 … ` in N pieces, 100 ms apart |
 * | `big: N` | answers N times `x` in one piece |
 * | `think: TEXT` | thinks TEXT, unless thinking is off, then answers `thought` |
 * | `hang` | answers `begun\n`, then nothing more, with the connection open |
 * | `cut` | answers `begun\n`, then cuts the connection |
 * | `bash: COMMAND` | runs it with the Bash tool, then answers `tool said: OUTPUT` or `tool failed: OUTPUT` |
 * | `write: PATH` | writes {@link writtenText} to a file with the Write tool, then answers as above |
 * | `plan` | makes a plan of {@link planEntries} with the tools for that, then answers `planned`; `no tool for plans` where none is offered |
 * | `ask` | runs `touch ccb-asked` with the Bash tool, which needs a permission, then answers `allowed` or `denied` |
 * | `error: STATUS` | fails with this HTTP status: 400, 401, 429, 500, 529 |
 * | `error: STATUS once` | fails so once, then answers `recovered` |
 * | `refuse` | answers `no` with the stop reason `refusal` |
 * | `max` | answers `too lo` with the stop reason `max_tokens` |
 * | `recall` | answers the texts of all earlier prompts of the conversation, one a line |
 */
export type Script =
  | { readonly type: 'say'; readonly text: string }
  | { readonly type: 'lines'; readonly count: number }
  | { readonly type: 'slow'; readonly count: number }
  | { readonly type: 'big'; readonly count: number }
  | { readonly type: 'think'; readonly text: string }
  | { readonly type: 'bash'; readonly command: string }
  | { readonly type: 'write'; readonly path: string }
  | { readonly type: 'error'; readonly status: number; readonly once: boolean }
  | { readonly type: 'hang' | 'cut' | 'plan' | 'ask' | 'refuse' | 'max' | 'recall' };

/** Understands a prompt. */
export function parsePrompt(prompt: string): Script {
  const [, keyword = '', rest] = /^([a-z]+)(?:: ?([\s\S]*))?$/.exec(prompt) ?? [];
  if (rest === undefined) {
    switch (keyword) {
      case 'hang':
      case 'cut':
      case 'plan':
      case 'ask':
      case 'refuse':
      case 'max':
      case 'recall':
        return { type: keyword };
    }
    return echo(prompt);
  }
  switch (keyword) {
    case 'say':
    case 'think':
      return { type: keyword, text: rest };
    case 'lines':
    case 'slow':
    case 'big':
      return /^\d+\s*$/.test(rest) ? { type: keyword, count: Number.parseInt(rest, 10) } : echo(prompt);
    case 'bash':
      return { type: keyword, command: rest };
    case 'write':
      return { type: keyword, path: rest.trim() };
    case 'error': {
      const [, status, once] = /^(\d{3})( once)?\s*$/.exec(rest) ?? [];
      return status === undefined ? echo(prompt) : { type: keyword, status: Number(status), once: once !== undefined };
    }
    default:
      return echo(prompt);
  }
}

const echo = (prompt: string): Script => ({ type: 'say', text: `echo: ${prompt}` });

/** What `write` writes. */
export const writtenText = 'written by the fake model\n';

/** What `plan` plans, as the tool TodoWrite takes it. */
export const planEntries: readonly {
  readonly content: string;
  readonly status: 'pending' | 'in_progress' | 'completed';
  readonly activeForm: string;
}[] = [
  { content: 'First step', status: 'completed', activeForm: 'Doing the first step' },
  { content: 'Second step', status: 'in_progress', activeForm: 'Doing the second step' },
  { content: 'Third step', status: 'pending', activeForm: 'Doing the third step' },
];
