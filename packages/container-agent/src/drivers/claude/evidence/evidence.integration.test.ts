import { existsSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { faked, started } from '../testing/fake-claude.ts';
import { isConnected } from './connection.ts';
import { descendantsOf } from './processes.ts';

describe('what shows why Claude Code is silent', () => {
  it('is the tool that runs, with its process', async () => {
    await using claude = faked();
    await started(claude);
    const running = claude.run('bash: touch running; sleep 60; true');
    while (!existsSync(join(claude.workspace, 'running'))) await delay(20);
    let found = await claude.driver.evidence?.();
    while (found !== undefined && !found.message.includes('`sleep 60`')) {
      await delay(20);
      found = await claude.driver.evidence?.();
    }
    expect(found).toMatchObject({
      cause: 'tool',
      message: expect.stringMatching(/^Bash.* runs for \d+ s: process \d+, `sleep 60`, for \d+ s$/),
    });
    claude.driver.interrupt();
    await running;
  });

  it('is the end that was not said, where the answer is complete', async () => {
    await using claude = faked();
    await started(claude);
    const done = new AbortController();
    const running = claude.run('fault: no-result say: all of it', { onWrite: () => done.abort() });
    let found = await claude.driver.evidence?.();
    while (found?.cause !== 'unfinished') {
      await delay(20);
      found = await claude.driver.evidence?.();
    }
    expect(done.signal.aborted).toBe(true);
    claude.driver.signal('SIGKILL');
    await running;
  });

  it('is nothing between two commands, and without a process', async () => {
    await using claude = faked();
    expect(await claude.driver.evidence?.()).toBeUndefined();
    await started(claude);
    expect(await claude.driver.evidence?.()).toBeUndefined();
  });
});

describe('isConnected', () => {
  it('sees a connection that stands, and no longer one that was ended', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => sockets.push(socket.resume())).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const { connect } = await import('node:net');
    const client = connect(port, '127.0.0.1').resume();
    await new Promise((resolve) => client.once('connect', resolve));
    expect(isConnected(process.pid)).toBe(true);
    const closed = new Promise((resolve) => client.once('close', resolve));
    client.end();
    await closed;
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    expect(isConnected(999_999_999)).toBe(false);
  });
});

describe('descendantsOf', () => {
  it('is nothing for a process that is not there', () => {
    expect(descendantsOf(999_999_999)).toEqual([]);
  });
});
