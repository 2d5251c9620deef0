import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { CommandLine } from './command-line.ts';
import type { Fault } from './faults.ts';
import { modelName } from './messages.ts';
import type { Output } from './output.ts';
import { Permissions } from './permissions.ts';
import { refusal } from './result.ts';
import { Session } from './session.ts';
import { transcriptFile } from './transcript.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Why the process does not begin: for stderr, and for stdout where the program says it there too. */
export class Refused extends Error {
  readonly result: object | undefined;

  constructor(message: string, result?: object) {
    super(message);
    this.name = 'Refused';
    this.result = result;
  }
}

/** Begins or resumes a session. @throws {Refused} as the program refuses */
export function startSession(
  line: CommandLine,
  of: { readonly output: Output; readonly cwd: string; readonly faults: Set<Fault> },
): Session {
  if (!line.print || line.inputFormat !== 'stream-json' || line.outputFormat !== 'stream-json') {
    throw new Refused('Error: this fake speaks --print --input-format stream-json --output-format stream-json alone.');
  }
  if (!line.verbose) {
    throw new Refused('Error: When using --print, --output-format=stream-json requires --verbose');
  }
  if (line.skipPermissions && process.getuid?.() === 0 && process.env.IS_SANDBOX !== '1') {
    throw new Refused('--dangerously-skip-permissions cannot be used with root/sudo privileges for security reasons');
  }
  return new Session({
    ...of,
    permissions: new Permissions(
      of.cwd,
      line.skipPermissions ? 'bypassPermissions' : (line.permissionMode ?? 'default'),
    ),
    partialMessages: line.partialMessages,
    replays: line.replays,
    asks: line.asks,
    model: line.model ?? `${modelName}[1m]`,
    id: line.resume === undefined ? newId(line.sessionId, of.cwd) : resumedId(line.resume, of.cwd, of.faults),
  });
}

function newId(id: string | undefined, cwd: string): string {
  if (id === undefined) return randomUUID();
  if (!uuid.test(id)) throw new Refused('Error: Invalid session ID. Must be a valid UUID.');
  if (existsSync(transcriptFile(cwd, id))) throw new Refused(`Error: Session ID ${id} is already in use.`);
  return id;
}

// A session is found only from the working directory that it began in.
function resumedId(id: string, cwd: string, faults: ReadonlySet<Fault>): string {
  if (!uuid.test(id)) {
    const message = `Error: --resume requires a valid session ID or session title when used with --print. Usage: claude -p --resume <session-id|title>. Provided value "${id}" is not a UUID and does not match any session title.`;
    throw new Refused(message, refusal(randomUUID(), message));
  }
  if (faults.has('session-lost') || !existsSync(transcriptFile(cwd, id))) {
    const message = `No conversation found with session ID: ${id}`;
    throw new Refused(message, refusal(id, message));
  }
  return id;
}
