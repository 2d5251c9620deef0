import { once } from 'node:events';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { StreamChannel } from '@ccb/named-pipe';
import { expect, test } from 'vitest';
import type { AgentFrame, HostFrame } from '../protocol/frames.ts';
import { AgentPlace } from './testing/agent-place.ts';
import { Conversation } from './testing/conversation.ts';

const said = async (answer: AsyncIterable<string>): Promise<string> => {
  let text = '';
  for await (const piece of answer) text += piece;
  return text;
};

async function connection(socket: string): Promise<Socket> {
  const one = connect(socket);
  one.on('error', () => undefined);
  await once(one, 'connect');
  return one;
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

async function candidate(socket: string, host: string): Promise<{ talk: Conversation; closed: Promise<void> }> {
  const one = await connection(socket);
  one.write('hold\n');
  const end = closed(one);
  const channel = new StreamChannel<AgentFrame, HostFrame>({ readable: one, writable: one });
  await channel.whenUp({ timeoutMs: 5_000 });
  const talk = new Conversation(channel);
  talk.hello(host);
  return { talk, closed: end };
}

test('the socket is for its owner alone, is taken over from an agent that was killed, and goes with the agent', async () => {
  await using place = new AgentPlace();
  const killed = await place.start();
  expect(statSync(place.socket).mode & 0o7777).toBe(0o600);
  killed.child.kill('SIGKILL');
  await killed.exit;
  expect(existsSync(place.socket)).toBe(true);
  const agent = await place.start();
  expect(await said((await place.client(place.relay())).run('echo up'))).toBe('up\n');
  agent.child.kill('SIGTERM');
  expect(await agent.exit).toBe(0);
  expect(existsSync(place.socket)).toBe(false);
});

test('a second agent of the instance leaves the socket of the first alone', async () => {
  await using place = new AgentPlace();
  await place.start();
  expect(await place.run(place.settingsFile)).toMatchObject({ code: 75 });
  await place.client(place.relay());
});

test('a file in the way is not removed: the agent says what to do, and does not start', async () => {
  await using place = new AgentPlace();
  writeFileSync(place.socket, 'precious');
  await expect(place.start()).rejects.toThrow(/70[\s\S]*is no socket. Move it away/);
  expect(existsSync(place.socket)).toBe(true);
});

test('a name without a file serves as well, where Node can', async () => {
  await using place = new AgentPlace();
  const socket = `@ccb-${place.instanceId}`;
  await place.start({ socket });
  expect(await said((await place.client(place.relayTo(socket))).run('echo up'))).toBe('up\n');
});

test.runIf(process.env.CCB_NODE_18)('a Node that would take another name for it refuses it', async () => {
  await using place = new AgentPlace();
  place.node = process.env.CCB_NODE_18 ?? '';
  await expect(place.start({ socket: `@ccb-${place.instanceId}` })).rejects.toThrow(/70[\s\S]*Name a path/);
});

test('who does not say what it wants, or says something else, is let go of; what follows the word at once is not lost', async () => {
  await using place = new AgentPlace();
  await place.start();
  const mute = await connection(place.socket);
  const wrong = await connection(place.socket);
  const endless = await connection(place.socket);
  const slow = await connection(place.socket);
  wrong.write('holdall\n');
  endless.write('h'.repeat(100_000));
  await Promise.all([closed(wrong), closed(endless)]);
  for (const letter of 'hold\n') slow.write(letter);
  const channel = new StreamChannel({ readable: slow, writable: slow });
  await channel.whenUp({ timeoutMs: 5_000 });
  await channel.close();
  const since = performance.now();
  await closed(mute);
  expect(performance.now() - since).toBeLessThan(6_000);
});

test('any number of candidates, mute or refused, do not push the holder out, and the latest is heard', async () => {
  await using place = new AgentPlace();
  await place.start();
  const holder = await place.client(place.relay());
  const mute = await Promise.all(Array.from({ length: 30 }, () => connection(place.socket)));
  const pushedOut = closed(mute[0] as Socket);
  const candidates = [];
  for (let i = 0; i < 20; i += 1) {
    const one = await candidate(place.socket, `host ${i}`);
    expect(await one.talk.heard('hello')).toHaveProperty('busy');
    candidates.push(one);
  }
  await pushedOut;
  expect(await said(holder.run('echo held'))).toBe('held\n');
  for (const socket of mute) socket.destroy();
  for (const { talk } of candidates) await talk.far.close({ timeoutMs: 100 });
});

test('a holder that fell silent is replaced, and its connection ended, so that it knows', async () => {
  await using place = new AgentPlace();
  await place.start({ hostSilenceMs: 200 });
  const one = await candidate(place.socket, 'one');
  await one.talk.heard('hello');
  await new Promise((resolve) => setTimeout(resolve, 250));
  const two = await candidate(place.socket, 'two');
  expect(await two.talk.heard('hello')).not.toHaveProperty('busy');
  await one.closed;
  // The same host, by another relay.
  const again = await candidate(place.socket, 'two');
  expect(await again.talk.heard('hello')).not.toHaveProperty('busy');
  await two.closed;
  await again.talk.far.close();
});

test('sixteen observers, by whatever way, and no more', async () => {
  await using place = new AgentPlace();
  await place.start();
  const eyes = await Promise.all(
    Array.from({ length: 17 }, async () => {
      const one = await connection(place.socket);
      one.write('observe\n');
      const channel = new StreamChannel({ readable: one, writable: one });
      const up = await channel.whenUp({ timeoutMs: 5_000 }).then(
        () => true,
        () => false,
      );
      return { channel, up };
    }),
  );
  expect(eyes.filter(({ up }) => up)).toHaveLength(16);
  await Promise.all(eyes.map(({ channel }) => channel.close({ timeoutMs: 100 })));
});

test('by FIFOs or by the socket, there is one holder, and what is said goes to that one', async () => {
  await using place = new AgentPlace();
  await place.makePipes();
  const agent = await place.start({ pipes: place.pipes });
  const byPipes = await place.pipeClient();
  expect(await said(byPipes.run('echo pipes'))).toBe('pipes\n');
  await expect(place.client(place.relay())).rejects.toMatchObject({ code: 'CCB_LOCKED' });
  await byPipes.close();
  const relay = place.relay();
  const bySocket = await place.client(relay);
  expect(await said(bySocket.run('seq 100000'))).toHaveLength(588_895);
  await expect(place.pipeClient()).rejects.toMatchObject({ code: 'CCB_LOCKED' });
  await bySocket.close();
  await relay.exit;
  // One round trip later the agent has seen that, too.
  await (await place.client(place.relay('--observe'), { observe: true })).ping();
  const again = await place.pipeClient();
  const long = again.run('echo; sleep 300');
  await long.text({ cancelOnReturn: false })[Symbol.asyncIterator]().next();
  agent.child.kill('SIGTERM');
  expect(await long.result).toMatchObject({ error: { code: 'CCB_STOPPED' } });
  expect(await agent.exit).toBe(0);
});
