import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiRequest, WhenRequestedOptions } from './fake-api/request-log.ts';
import { startFakeApi } from './fake-api/server.ts';

export interface MountedApiOptions {
  /** Where the directory will be mounted, read-only or not: an absolute path. */
  readonly target: string;
  /** The program inside, by its absolute path there: a Claude Code. */
  readonly program: string;
}

/** A fake Messages API for a program in a container that has no network: a Unix socket in a directory to be mounted. */
export interface MountedApi extends AsyncDisposable {
  /** On this machine. */
  readonly directory: string;
  /**
   * An executable file inside that runs the program, for example for `CLAUDE_CODE_EXECUTABLE`. It becomes that program: same
   * pid, arguments, user. In its environment is `ANTHROPIC_BASE_URL`, for a forwarder of its own to the socket, which ends
   * with it and whatever it started. Needs bash, and Node 18 or later, on the container's PATH.
   */
  readonly executable: string;
  /** Every request so far, oldest first. */
  readonly requests: readonly ApiRequest[];
  /**
   * The first request, past or future, that the predicate takes; without one, the first of all.
   * @throws {Error} after `timeoutMs`, and when the API is closed
   */
  whenRequested(predicate?: (request: ApiRequest) => boolean, options?: WhenRequestedOptions): Promise<ApiRequest>;
  /** Ends the API and removes the directory. Idempotent. */
  close(): Promise<void>;
}

/** Starts a fake Messages API in this process, for containers of an engine on this machine. Linux only. */
export async function startMountedApi({ target, program }: MountedApiOptions): Promise<MountedApi> {
  const directory = mkdtempSync(join(tmpdir(), 'ccb-mounted-'));
  const removeDirectory = (): void => rmSync(directory, { recursive: true, force: true });
  try {
    // Whoever runs the program must come through.
    chmodSync(directory, 0o755);
    const api = await startFakeApi({ socket: join(directory, 'api.sock') });
    writeFileSync(join(directory, 'forward.cjs'), forwarder);
    writeFileSync(join(directory, 'program'), script(target, program), { mode: 0o755 });
    const close = async (): Promise<void> => {
      await api.close();
      removeDirectory();
    };
    return {
      directory,
      executable: `${target}/program`,
      get requests() {
        return api.requests;
      },
      whenRequested: (predicate, options) => api.whenRequested(predicate, options),
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    removeDirectory();
    throw error;
  }
}

// Its stdin is a pipe that the program and its children hold: it ends when they have.
const forwarder = `const { connect, createServer } = require('node:net');
const server = createServer((client) => {
  const api = connect(process.argv[2]);
  const end = () => [client, api].forEach((socket) => socket.destroy());
  for (const socket of [client, api]) socket.on('error', end).on('close', end);
  client.pipe(api).pipe(client);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.resume().once('end', () => process.exit());
`;

// A duplicate of what is closed on exec would be closed on exec too: it is opened anew.
function script(target: string, program: string): string {
  return `#!/usr/bin/env bash
coproc API { exec node ${quoted(`${target}/forward.cjs`)} ${quoted(`${target}/api.sock`)} 2>/dev/null; }
read -r port <&"\${API[0]}" || { echo 'The forwarder to the fake API did not start.' >&2; exit 1; }
exec 3>"/proc/self/fd/\${API[1]}"
export ANTHROPIC_BASE_URL="http://127.0.0.1:$port"
exec ${quoted(program)} "$@"
`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
