import type { Session } from './session.ts';
import { costOf } from './usage.ts';

/** Runs a slash command; undefined: the prompt is none. What a command says goes into the result. */
export function slashCommand(prompt: string, session: Session): string | undefined {
  const name = /^\/([a-zA-Z0-9:_-]+)(?=\s|$)/.exec(prompt)?.[1];
  switch (name) {
    case undefined:
      return undefined;
    case 'clear':
      session.clear();
      return '';
    case 'cost':
      return `Total cost:            $${costOf(session.tokens).toFixed(4)}`;
    case 'help':
      return "/help isn't available in this environment.";
    default:
      return `Unknown command: /${name}`;
  }
}
