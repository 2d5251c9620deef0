import { type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import type { ContainerInspection } from '../../engine.ts';
import type { EventSource } from '../event-source.ts';

/** An engine behind a Unix socket, asked by plain HTTP. */
export function httpSource(socketPath: string): Required<EventSource> {
  const ask = (path: string, signal: AbortSignal): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      request({ socketPath, path, agent: false, signal }, resolve).once('error', reject).end();
    });
  return {
    open: (since, signal) => {
      const filters = encodeURIComponent(JSON.stringify({ type: ['container'] }));
      const from = since === undefined ? '' : `&since=${(since.getTime() / 1000).toFixed(3)}`;
      return ask(`/events?filters=${filters}${from}`, signal);
    },
    inspect: async (container, signal) => {
      const answer = await ask(`/containers/${container}/json`, signal);
      const said = (await json(answer)) as { Id: string; Name: string; State: { Status: string; Running: boolean } };
      if (answer.statusCode === 404) return undefined;
      if (answer.statusCode !== 200) throw new Error(`inspect: ${answer.statusCode}`);
      const state = { status: said.State.Status, running: said.State.Running };
      return { id: said.Id, name: said.Name.slice(1), state } as ContainerInspection;
    },
    alive: async (signal) => void (await ask('/_ping', signal)).resume(),
    now: async (signal) => {
      const said = (await json(await ask('/info', signal))) as { SystemTime: string };
      return new Date(said.SystemTime);
    },
  };
}
