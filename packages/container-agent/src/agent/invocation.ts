import type { Purpose } from './purpose.ts';

export const usage = `usage: agent.cjs SETTINGS.json [--ready-fd=N]        be the agent of an instance (started by a host)
       agent.cjs --relay SOCKET [--observe]          pass stdin and stdout on to the agent that listens at SOCKET
       agent.cjs --alive SETTINGS.json               exit 0 when an agent of the instance runs, 1 when not
       agent.cjs --kill SETTINGS.json [--grace-ms=N] end the agent and all that it started
`;

/** What a command line asks for. */
export type Invocation =
  | { readonly what: 'serve'; readonly settings: string; readonly readyFd: number | undefined }
  | { readonly what: 'relay'; readonly socket: string; readonly purpose: Purpose }
  | { readonly what: 'alive'; readonly settings: string }
  | { readonly what: 'kill'; readonly settings: string; readonly graceMs: number };

const GRACE_MS = 5_000;
/** An hour. */
const MAX_GRACE_MS = 3_600_000;

/** undefined: it asks for nothing that there is. */
export function parseInvocation(args: readonly string[]): Invocation | undefined {
  const [first, second, third, ...more] = args;
  if (first === undefined || more.length > 0) return undefined;
  if (!first.startsWith('--')) {
    const readyFd = number(second, '--ready-fd=', 1_000_000);
    const fits = third === undefined && (second === undefined || readyFd !== undefined);
    return fits ? { what: 'serve', settings: first, readyFd } : undefined;
  }
  if (second === undefined || second === '' || second.startsWith('--')) return undefined;
  switch (first) {
    case '--relay':
      if (third !== undefined && third !== '--observe') return undefined;
      return { what: 'relay', socket: second, purpose: third === undefined ? 'hold' : 'observe' };
    case '--alive':
      return third === undefined ? { what: 'alive', settings: second } : undefined;
    case '--kill': {
      const graceMs = third === undefined ? GRACE_MS : number(third, '--grace-ms=', MAX_GRACE_MS);
      return graceMs === undefined ? undefined : { what: 'kill', settings: second, graceMs };
    }
    default:
      return undefined;
  }
}

function number(argument: string | undefined, option: string, most: number): number | undefined {
  if (argument === undefined || !argument.startsWith(option)) return undefined;
  const digits = argument.slice(option.length);
  return /^\d{1,9}$/.test(digits) && Number(digits) <= most ? Number(digits) : undefined;
}
