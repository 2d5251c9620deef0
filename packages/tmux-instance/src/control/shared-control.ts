import { InstanceError } from '@ccb/instance-interface';
import { anySignal, type Call } from '@ccb/instance-interface/abstract';
import type { Control, TmuxServer } from './control.ts';
import { ControlClient } from './control-client.ts';
import { inTurn } from './server-lock.ts';
import { answers, assertSocketPath } from './server-probe.ts';
import { tmuxVersion } from './tmux-program.ts';

/** The client of a socket, and how many use it. */
interface Shared {
  readonly client: Promise<ControlClient>;
  version: string;
  users: number;
}

/** One for each socket: by path, since that is what an instance names. */
const bySocket = new Map<string, Shared>();
let version: Promise<string> | undefined;

/**
 * A share of this process's one client for a server; the first makes it, the last release ends it.
 * @throws {InstanceError} CCB_BACKEND_UNREACHABLE: no tmux, too old, or no server where none is to be started; CCB_TIMEOUT
 */
export async function acquireControl(server: TmuxServer, call: Call): Promise<Control> {
  call.signal.throwIfAborted();
  assertSocketPath(server.socket);
  for (;;) {
    const known = bySocket.get(server.socket);
    if (known === undefined && server.owner === 'person' && !(await answers(server.socket))) throw notThere(server);
    const shared = bySocket.get(server.socket) ?? begin(server);
    shared.users += 1;
    try {
      const client = await untilAborted(shared.client, call.signal);
      if (!client.isDown) return leaseOf(server, shared, client);
      await release(server, shared);
    } catch (error) {
      await release(server, shared);
      throw error;
    }
  }
}

function begin(server: TmuxServer): Shared {
  version ??= tmuxVersion();
  version.catch(() => {
    version = undefined;
  });
  const known = version;
  const shared: Shared = {
    client: known.then((text) => {
      shared.version = text;
      return inTurn(server.socket, {}, () => ControlClient.start(server));
    }),
    version: '',
    users: 0,
  };
  bySocket.set(server.socket, shared);
  const forget = (): void => {
    if (bySocket.get(server.socket) === shared) bySocket.delete(server.socket);
  };
  shared.client.then((client) => client.onDown(forget), forget);
  return shared;
}

async function release(server: TmuxServer, shared: Shared): Promise<void> {
  shared.users -= 1;
  if (shared.users > 0) return;
  if (bySocket.get(server.socket) === shared) bySocket.delete(server.socket);
  await shared.client.then(
    (client) => inTurn(server.socket, {}, () => client.close()).catch(() => client.close()),
    () => {},
  );
}

function leaseOf(server: TmuxServer, shared: Shared, client: ControlClient): Control {
  const listening = new Set<() => void>();
  let released: Promise<void> | undefined;
  const listen = (stop: () => void): (() => void) => {
    listening.add(stop);
    return () => {
      listening.delete(stop);
      stop();
    };
  };
  return {
    server,
    serverPid: client.serverPid,
    version: shared.version,
    run: (commands, call) => client.run(commands, call),
    onNotification: (listener) => listen(client.onNotification(listener)),
    onDown: (listener) => listen(client.onDown(listener)),
    release() {
      for (const stop of listening) stop();
      listening.clear();
      released ??= release(server, shared);
      return released;
    },
  };
}

/** The work goes on for the others. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const given = anySignal(signal);
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason);
    given.addEventListener('abort', leave, { once: true });
    work.then(resolve, reject).finally(() => given.removeEventListener('abort', leave));
  });
}

function notThere({ socket }: TmuxServer): InstanceError {
  const message = `There is no tmux server at ${socket}. Start it, or leave the socket out for a server of its own.`;
  return new InstanceError('CCB_BACKEND_UNREACHABLE', message, { retryable: true });
}
