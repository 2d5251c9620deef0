import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { CommandEvent } from '@ccb/instance-interface';
import { describe, expect, test } from 'vitest';
import { AgentPlace } from './testing/agent-place.ts';

/** CCB_NODE_18: a Node of the oldest version that the agent runs on, where there is one. */
const oldest = process.env.CCB_NODE_18;
const nodes = [process.execPath, ...(oldest ? [oldest] : [])];

const text = (event: CommandEvent): string => (event.type === 'text' ? event.text : '');
const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const lines = (count: number): string => Array.from({ length: count }, (_, i) => `${i + 1}\n`).join('');

describe.each(nodes)('through relays, all of it on %s,', (node) => {
  test('a host holds the agent, a second one is refused until the first is gone', async () => {
    await using place = new AgentPlace();
    place.node = node;
    await place.start();
    const first = place.relay();
    const one = await place.client(first);
    expect(await one.run('echo one').result).toMatchObject({ success: true });
    const second = place.relay();
    await expect(place.client(second)).rejects.toMatchObject({ code: 'CCB_LOCKED' });
    // The client closed its channel, and so the relay's stdin.
    expect(await second.exit).toBe(0);
    expect(await one.run('echo still').result).toMatchObject({ outputBytes: 6 });
    await one.close();
    expect(await first.exit).toBe(0);
    const three = await place.client(place.relay());
    expect(await three.run('echo three').result).toMatchObject({ outputBytes: 6 });
  });

  test('an answer of many megabytes comes exact to a host that reads slowly', async () => {
    await using place = new AgentPlace();
    place.node = node;
    await place.start();
    const relay = place.relay();
    const client = await place.client(relay);
    const digest = createHash('sha256');
    let pieces = 0;
    for await (const piece of client.run('seq 2000000')) {
      digest.update(piece);
      pieces += 1;
      if (pieces % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(digest.digest('hex')).toBe(hash(lines(2_000_000)));
  });

  test('a host whose relay is killed in the middle of an answer gets the rest by another, each byte once', async () => {
    await using place = new AgentPlace();
    place.node = node;
    await place.start();
    const first = place.relay();
    const one = await place.client(first);
    const got: string[] = [];
    let cursor: string | undefined;
    const answer = one.run('seq 300000; sleep 0.3; seq 300000', { id: 'a' });
    answer.result.catch(() => undefined);
    for await (const event of answer.events({ cancelOnReturn: false })) {
      got.push(text(event));
      cursor = event.cursor;
      if (got.length === 5) {
        first.child.kill('SIGKILL');
        break;
      }
    }
    await first.exit;
    const two = await place.client(place.relay());
    const rest = two.resume('a', { after: cursor });
    for await (const event of rest.events()) got.push(text(event));
    expect(await rest.result).toMatchObject({ success: true });
    expect(hash(got.join(''))).toBe(hash(lines(300_000).repeat(2)));
  });
});

test('an observer sees what was said before it came and what is said now, and ends what runs', async () => {
  await using place = new AgentPlace();
  await place.start();
  const one = await place.client(place.relay());
  await one.run('echo before', { id: 'before' }).result;
  const eye = await place.client(place.relay('--observe'), { observe: true });
  const running = one.run('echo now; sleep 300', { id: 'now' });
  let seen = '';
  for await (const entry of eye.history({ follow: true })) {
    if ('text' in entry && entry.type === 'text') seen += entry.text;
    if (seen.endsWith('now\n')) break;
  }
  expect(seen).toBe('before\nnow\n');
  expect(await eye.interrupt()).toBe('now');
  expect(await running.result).toMatchObject({ status: 'cancelled' });
});

test('a relay ends with its agent, after it has passed on what the agent said', async () => {
  await using place = new AgentPlace();
  const agent = await place.start();
  const relay = place.relay();
  const client = await place.client(relay);
  const answer = client.run('echo said; sleep 300')[Symbol.asyncIterator]();
  expect(await answer.next()).toMatchObject({ value: 'said\n' });
  agent.child.kill('SIGKILL');
  expect(await relay.exit).toBe(0);
});

test('the last lines of an agent that is ended come through', async () => {
  await using place = new AgentPlace();
  const agent = await place.start();
  const relay = place.relay();
  const client = await place.client(relay);
  const answer = client.run('echo; sleep 300', { id: 'a' });
  await answer.text({ cancelOnReturn: false })[Symbol.asyncIterator]().next();
  agent.child.kill('SIGTERM');
  expect(await answer.result).toMatchObject({ error: { code: 'CCB_STOPPED' } });
  expect([await agent.exit, await relay.exit]).toEqual([0, 0]);
});

test('where nobody listens it says so on one line and exits with 69', async () => {
  await using place = new AgentPlace();
  const nowhere = { code: 69, stdout: '', stderr: `no agent listens at ${place.socket}\n` };
  expect(await place.run('--relay', place.socket)).toEqual(nowhere);
  const agent = await place.start();
  agent.child.kill('SIGKILL');
  await agent.exit;
  expect(await place.run('--relay', place.socket)).toEqual(nowhere);
  expect(await place.run('--relay', '@ccb-nobody-is-here')).toMatchObject({ code: 69 });
  expect(await place.run('--relay', place.settingsFile)).toMatchObject({ code: 69 });
});

test('told to wait, it reaches an agent that listens a little later, also at the socket of a dead one', async () => {
  await using place = new AgentPlace();
  const early = place.relay('--wait-ms=10000');
  const agent = await place.start();
  const client = await place.client(early);
  expect(await client.run('echo one').result).toMatchObject({ success: true });
  agent.child.kill('SIGKILL');
  await early.exit;
  const second = place.relay('--wait-ms=10000');
  await place.start();
  expect(await (await place.client(second)).run('echo two').result).toMatchObject({ success: true });
});

test('told to wait, it says that nobody listens when the time is over', async () => {
  await using place = new AgentPlace();
  for (const socket of [place.socket, '@ccb-nobody-is-here']) {
    expect(await place.run('--relay', socket, '--wait-ms=120')).toMatchObject({ code: 69 });
  }
});

describe('at the end of an agent that does not read,', () => {
  /** Somebody who listens, and takes nothing but what it is told to. */
  async function listener(
    place: AgentPlace,
  ): Promise<{ server: ReturnType<typeof createServer>; come: Promise<Socket> }> {
    const server = createServer({ pauseOnConnect: true });
    const come = once(server, 'connection').then(([socket]) => socket as Socket);
    server.listen(place.socket);
    await once(server, 'listening');
    return { server, come };
  }

  test('a relay whose host is gone does not stay', async () => {
    await using place = new AgentPlace();
    const { server, come } = await listener(place);
    const relay = place.relay();
    const socket = await come;
    relay.child.stdin?.end('{}\n');
    expect(await relay.exit).toBe(0);
    socket.destroy();
    server.close();
  });

  test('a relay whose host says nothing for too long ends by itself; a word keeps it', async () => {
    await using place = new AgentPlace();
    const { server, come } = await listener(place);
    const script = `import { relay } from ${JSON.stringify(join(import.meta.dirname, 'relay.ts'))};
      process.exit(await relay(${JSON.stringify(place.socket)}, 'observe', { silenceMs: 400 }));`;
    const relay = place.spawn([
      process.execPath,
      '--conditions=@ccb/source',
      '--import',
      'tsx',
      '--input-type=module',
      '--eval',
      script,
    ]);
    const socket = await come;
    const since = performance.now();
    let heard = '';
    socket.setEncoding('utf8').on('data', (bytes) => {
      heard += bytes;
    });
    socket.resume();
    const words = setInterval(() => relay.child.stdin?.write('x'), 100);
    setTimeout(() => clearInterval(words), 1_000);
    expect(await relay.exit).toBe(0);
    expect(performance.now() - since).toBeGreaterThan(1_200);
    expect(heard).toMatch(/^observe\nx{5,}$/);
    socket.destroy();
    server.close();
  });
});
