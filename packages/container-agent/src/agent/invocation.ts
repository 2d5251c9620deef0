import type { Purpose } from './purpose.ts';

export const usage = `usage: agent.cjs SETTINGS.json [--ready-fd=N]        be the agent of an instance (started by a host)
       agent.cjs --relay SOCKET [--wait-ms=N] [--observe]
                                                     pass stdin and stdout on to the agent that listens at SOCKET,
                                                     N ms from now at the latest (default 0)
       agent.cjs --alive SETTINGS.json               exit 0 when an agent of the instance runs, 1 when not
       agent.cjs --kill SETTINGS.json [--grace-ms=N] end the agent and all that it started
`;

/** What a command line asks for. */
export type Invocation =
  | { readonly what: 'serve'; readonly settings: string; readonly readyFd: number | undefined }
  | { readonly what: 'relay'; readonly socket: string; readonly purpose: Purpose; readonly waitMs: number }
  | { readonly what: 'alive'; readonly settings: string }
  | { readonly what: 'kill'; readonly settings: string; readonly graceMs: number };

const GRACE_MS = 5_000;
/** An hour. */
const MAX_GRACE_MS = 3_600_000;
const MAX_WAIT_MS = 60_000;

/** undefined: it asks for nothing that there is. */
export function parseInvocation(args: readonly string[]): Invocation | undefined {
  const [first, second, third, ...more] = args;
  if (first === '--relay') return relayOf(second, args.slice(2));
  if (first === undefined || more.length > 0) return undefined;
  if (!first.startsWith('--')) {
    const readyFd = number(second, '--ready-fd=', 1_000_000);
    const fits = third === undefined && (second === undefined || readyFd !== undefined);
    return fits ? { what: 'serve', settings: first, readyFd } : undefined;
  }
  if (!isOperand(second)) return undefined;
  switch (first) {
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

function relayOf(socket: string | undefined, options: readonly string[]): Invocation | undefined {
  const waitMs = number(options[0], '--wait-ms=', MAX_WAIT_MS);
  const [observe, ...more] = waitMs === undefined ? options : options.slice(1);
  if (!isOperand(socket) || more.length > 0 || (observe !== undefined && observe !== '--observe')) return undefined;
  return { what: 'relay', socket, purpose: observe === undefined ? 'hold' : 'observe', waitMs: waitMs ?? 0 };
}

function isOperand(argument: string | undefined): argument is string {
  return argument !== undefined && argument !== '' && !argument.startsWith('--');
}

function number(argument: string | undefined, option: string, most: number): number | undefined {
  if (argument === undefined || !argument.startsWith(option)) return undefined;
  const digits = argument.slice(option.length);
  return /^\d{1,9}$/.test(digits) && Number(digits) <= most ? Number(digits) : undefined;
}
