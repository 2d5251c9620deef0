import { basename, isAbsolute, relative, resolve } from 'node:path';

/** What is known about a use of a tool before anybody is asked. */
export type Verdict =
  | { readonly type: 'allow' }
  | { readonly type: 'ask'; readonly request: object; readonly refusal: string };

interface Rule {
  readonly toolName: string;
  readonly ruleContent?: string;
}

const readOnly = new Set(
  'basename cat cd cut date df dirname du echo env false file find grep head hostname id ls nl printf ps pwd seq sleep sort stat tail test tr true uname uniq wc which whoami'.split(
    ' ',
  ),
);
const edits = new Set('cp mkdir mv rm rmdir sed touch'.split(' '));

/** Who may do what. */
export class Permissions {
  readonly #cwd: string;
  readonly #rules: Rule[] = [];
  mode: string;

  constructor(cwd: string, mode: string) {
    this.#cwd = cwd;
    this.mode = mode;
  }

  verdict(tool: string, input: Readonly<Record<string, unknown>>): Verdict {
    if (this.mode === 'bypassPermissions' || (tool !== 'Bash' && tool !== 'Write')) return { type: 'allow' };
    return tool === 'Bash' ? this.#bash(input) : this.#write(input);
  }

  /** Takes what an answer grants beyond this one use. */
  update(updates: unknown): void {
    if (!Array.isArray(updates)) return;
    for (const update of updates as Record<string, unknown>[]) {
      if (update.type === 'setMode') this.mode = String(update.mode);
      if (update.type === 'addRules' && update.behavior === 'allow') this.#rules.push(...(update.rules as Rule[]));
    }
  }

  #bash(input: Readonly<Record<string, unknown>>): Verdict {
    const command = String(input.command);
    const parts = command.split(/&&|\|\||[;|\n]/).map((part) => part.trim());
    const outside = command
      .split(/\s+/)
      .find((word) => /^(\/|~|\.\.)/.test(word) && !this.#inside(word) && word !== '/dev/null');
    const plain = !/[`<]|\$\(|(^|[^0-9&>])>(?!&|\s*\/dev\/null)|>>/.test(command) && outside === undefined;
    const free = plain && parts.every((part) => this.#free(part));
    if (free || this.#granted('Bash', command)) return { type: 'allow' };
    return {
      type: 'ask',
      request: {
        display_name: 'Bash',
        input,
        description: input.description,
        permission_suggestions: [
          {
            type: 'addRules',
            rules: [{ toolName: 'Bash', ruleContent: suggested(parts) ?? command }],
            behavior: 'allow',
            destination: 'localSettings',
          },
          ...(edits.has(firstWord(parts[0])) ? this.#editSuggestions() : []),
        ],
        ...(outside === undefined ? {} : { blocked_path: outside }),
        ...(outside === undefined && !edits.has(firstWord(parts[0]))
          ? { decision_reason: 'This command requires approval', decision_reason_type: 'other' }
          : {}),
      },
      refusal: 'This command requires approval',
    };
  }

  #write(input: Readonly<Record<string, unknown>>): Verdict {
    const path = resolve(this.#cwd, String(input.file_path));
    if ((this.mode === 'acceptEdits' && this.#inside(path)) || this.#granted('Write', path)) return { type: 'allow' };
    return {
      type: 'ask',
      request: {
        display_name: 'Write',
        input,
        description: basename(path),
        permission_suggestions: [{ type: 'setMode', mode: 'acceptEdits', destination: 'session' }],
      },
      refusal: `Claude requested permissions to write to ${path}, but you haven't granted it yet.`,
    };
  }

  #free(part: string): boolean {
    const word = firstWord(part);
    return readOnly.has(word) || (this.mode === 'acceptEdits' && edits.has(word));
  }

  #granted(tool: string, subject: string): boolean {
    return this.#rules.some(({ toolName, ruleContent }) => {
      if (toolName !== tool) return false;
      if (ruleContent === undefined) return true;
      return ruleContent.endsWith(' *')
        ? subject === ruleContent.slice(0, -2) || subject.startsWith(ruleContent.slice(0, -1))
        : subject === ruleContent;
    });
  }

  #editSuggestions(): object[] {
    return [
      { type: 'addDirectories', directories: [this.#cwd], destination: 'session' },
      { type: 'setMode', mode: 'acceptEdits', destination: 'session' },
    ];
  }

  #inside(path: string): boolean {
    const way = relative(this.#cwd, resolve(this.#cwd, path));
    return !way.startsWith('..') && !isAbsolute(way);
  }
}

function firstWord(part = ''): string {
  return part.split(/\s/, 1)[0] ?? '';
}

function suggested(parts: readonly string[]): string | undefined {
  const [part] = parts;
  return parts.length === 1 && part !== undefined && edits.has(firstWord(part)) ? `${part} *` : undefined;
}
