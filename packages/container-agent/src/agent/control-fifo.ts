import { closeSync, constants, openSync } from 'node:fs';
import { openReader } from '@ccb/named-pipe/fifo';
import type { AgentLog } from './log.ts';

/** What a write to a FIFO may be long and still not be torn by another writer's. */
export const maxControlLine = 4096;

/** `<pipes>.ctl.fifo`: many writers, each line one request by somebody who does not hold the instance. */
export class ControlFifo {
  readonly #reader: ReturnType<typeof openReader>;
  readonly #holder: number;
  #rest = '';

  /** @param join somebody wants to talk over the FIFO pair of this name */
  constructor(path: string, log: AgentLog, join: (name: string) => void) {
    this.#reader = openReader(path);
    // With a writer of its own the reader never meets the end of file between two writers.
    this.#holder = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    this.#reader.on('data', (chunk: Buffer) => {
      const lines = (this.#rest + chunk.toString('latin1')).split('\n');
      this.#rest = (lines.pop() ?? '').slice(-maxControlLine);
      for (const line of lines) {
        const name = parseJoin(line);
        if (name !== undefined) join(name);
        else if (line !== '') log('warn', 'control.invalid', { bytes: line.length });
      }
    });
    this.#reader.on('error', (error) => log('error', 'control.lost', { reason: String(error) }));
  }

  close(): void {
    this.#reader.destroy();
    closeSync(this.#holder);
  }
}

export function encodeJoin(name: string): string {
  return `${JSON.stringify({ type: 'join', name })}\n`;
}

function parseJoin(line: string): string | undefined {
  try {
    const { type, name } = JSON.parse(line) as { readonly type?: unknown; readonly name?: unknown };
    return type === 'join' && typeof name === 'string' && /^[a-z0-9]{16}$/.test(name) ? name : undefined;
  } catch {
    return undefined;
  }
}
