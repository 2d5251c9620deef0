import { afterEach, beforeEach, expect, test } from 'vitest';
import { HostSession, type SessionParts } from './host-session.ts';
import { Hosts } from './hosts.ts';
import type { Program } from './program.ts';
import { Sender } from './sender.ts';
import { Peer } from './testing/peer.ts';
import { Rig, settle } from './testing/rig.ts';

const SILENCE_MS = 40;
const peers: Peer[] = [];
let rig: Rig;
let hosts: Hosts;
let parts: SessionParts;
let shutdowns: number[];

beforeEach(() => {
  rig = new Rig();
  rig.sender.detach();
  shutdowns = [];
  const program = {
    name: 'scripted',
    pid: 7,
    turns: rig.turns,
    health: () => 'running' as const,
    configure: async () => {
      await rig.supervisor.ready();
    },
  };
  parts = {
    journal: rig.journal,
    // The part of it that a session needs; the real one starts real programs.
    program: program as unknown as Program,
    log: (_level, event) => rig.logged.push(event),
    version: '9.9.9',
    acknowledge: (seq) => rig.journal.acknowledge(seq),
    shutdown: (graceMs) => shutdowns.push(graceMs),
  };
  hosts = new Hosts(parts, rig.sender, SILENCE_MS);
});
afterEach(async () => {
  await Promise.all(peers.splice(0).map((peer) => peer.close()));
});

async function join(host?: string): Promise<Peer> {
  const peer = await Peer.connect();
  peers.push(peer);
  hosts.accept(peer.near);
  if (host !== undefined) peer.hello(host);
  return peer;
}

test('a host is greeted with what there is, and gets every line from then on', async () => {
  rig.command('before');
  await settle();
  rig.driver.turn.end();
  await settle();
  const peer = await join('one');
  expect(await peer.heard('hello')).toMatchObject({
    protocol: 1,
    agentVersion: '9.9.9',
    journalId: rig.journal.id,
    lastSeq: 2,
    program: 'scripted',
    configured: true,
  });
  peer.say({ type: 'configure', secrets: {} });
  expect(await peer.heard('configured')).toMatchObject({ pid: 7 });
  peer.say({ type: 'command', id: 'a', text: 'x' });
  expect(await peer.heard('begin')).toMatchObject({ id: 'a', seq: 3 });
});

test('a second host is told that the first one holds the agent, and hears nothing else', async () => {
  const one = await join('one');
  await one.heard('hello');
  const two = await join('two');
  expect(await two.heard('hello')).toMatchObject({ busy: { host: 'one' } });
  two.say({ type: 'command', id: 'stolen', text: 'x' });
  one.say({ type: 'ping', n: 1 });
  await one.heard('pong');
  expect(rig.journal.lookup('stolen')).toBeUndefined();
  expect(two.got).toEqual([]);
});

test('it is let in once the first is down', async () => {
  const one = await join('one');
  await one.heard('hello');
  const down = new Promise((resolve) => one.near.on('down', resolve));
  await one.far.close();
  await down;
  const two = await join('two');
  expect((await two.heard('hello')).busy).toBeUndefined();
});

test('it is let in once the first was silent past the limit, and the first is served no more', async () => {
  const one = await join('one');
  await one.heard('hello');
  const silent = performance.now() + SILENCE_MS + 5;
  await new Promise((resolve) => setTimeout(resolve, silent - performance.now()));
  const two = await join('two');
  expect((await two.heard('hello')).busy).toBeUndefined();
  rig.command('a');
  await two.heard('begin');
  one.say({ type: 'ping', n: 1 });
  two.say({ type: 'ping', n: 2 });
  await two.heard('pong');
  expect(one.got).toEqual([]);
});

test('the same host over another channel takes over at once', async () => {
  const one = await join('one');
  await one.heard('hello');
  const again = await join('one');
  expect((await again.heard('hello')).busy).toBeUndefined();
});

test('a host of another protocol is told so, and does not hold the agent', async () => {
  const old = await join();
  old.hello('old', [7, 9]);
  expect(await old.heard('refused')).toMatchObject({ code: 'CCB_PROTOCOL_MISMATCH' });
  old.say({ type: 'command', id: 'a', text: 'x' });
  const one = await join('one');
  expect((await one.heard('hello')).busy).toBeUndefined();
  expect(rig.journal.lookup('a')).toBeUndefined();
});

test('a known command is replayed from its begin, or from after the cursor that came with it', async () => {
  const peer = await join('one');
  await peer.heard('hello');
  peer.say({ type: 'command', id: 'a', text: 'x' });
  await peer.heard('begin');
  rig.driver.turn.write('stdout', 'answer');
  rig.driver.turn.end();
  await peer.heard('end');
  peer.got.length = 0;
  peer.say({ type: 'command', id: 'a', text: 'x' });
  await peer.heard('end');
  expect(peer.got.map(({ type }) => type)).toEqual(['begin', 'event']);
  peer.got.length = 0;
  peer.say({ type: 'command', id: 'a', text: 'x', after: `${rig.journal.id}.2` });
  await peer.heard('end');
  expect(peer.got).toEqual([]);
  expect(rig.driver.turns).toHaveLength(1);
});

test.each([
  ['CCB_JOURNAL_LOST', 'aaaaaaaaaaaa.1'],
  ['CCB_JOURNAL_LOST', 'OWN.99'],
  ['CCB_PROTOCOL', 'no cursor'],
])('a resume is refused with %s for the cursor %s', async (code, cursor) => {
  const peer = await join('one');
  await peer.heard('hello');
  peer.say({ type: 'resume', ref: 5, after: cursor.replace('OWN', rig.journal.id) });
  expect(await peer.heard('refused')).toMatchObject({ ref: 5, code });
});

test('a resume of an unknown command is refused, one of a waiting command waits with it', async () => {
  const peer = await join('one');
  await peer.heard('hello');
  rig.command('a');
  rig.command('b');
  peer.say({ type: 'resume', ref: 1, id: 'nobody' });
  expect(await peer.heard('refused')).toMatchObject({ ref: 1, code: 'CCB_NOT_FOUND' });
  peer.say({ type: 'resume', ref: 2, id: 'b' });
  expect(await peer.heard('resumed')).toMatchObject({ ref: 2, after: rig.journal.lastSeq });
});

test('a resume of an ended command brings its end, also to one who has seen it', async () => {
  const peer = await join('one');
  await peer.heard('hello');
  peer.say({ type: 'command', id: 'a', text: 'x' });
  await peer.heard('begin');
  rig.driver.turn.end();
  const { seq } = await peer.heard('end');
  peer.say({ type: 'resume', ref: 1, id: 'a', after: `${rig.journal.id}.${seq}` });
  expect(await peer.heard('end')).toMatchObject({ id: 'a', seq });
});

test('pause holds lines back and lets control frames through; proceed brings them all', async () => {
  const peer = await join('one');
  await peer.heard('hello');
  peer.say({ type: 'pause' });
  peer.say({ type: 'command', id: 'a', text: 'x' });
  peer.say({ type: 'ping', n: 1 });
  expect(await peer.heard('pong')).toMatchObject({ program: 'running' });
  await settle();
  peer.say({ type: 'ping', n: 2 });
  expect(await peer.heard('pong')).toMatchObject({ running: 'a', lastSeq: 1 });
  expect(peer.got).toEqual([]);
  peer.say({ type: 'proceed' });
  await peer.heard('begin');
});

test('acknowledgements ride along, shutdown is handed on, an interrupt is answered', async () => {
  const peer = await join('one');
  await peer.heard('hello');
  peer.say({ type: 'command', id: 'a', text: 'x' });
  await peer.heard('begin');
  peer.say({ type: 'ping', n: 1, ack: 1 });
  await peer.heard('pong');
  expect(rig.journal.ackedSeq).toBe(1);
  rig.driver.onInterrupt = () => rig.driver.turn.end();
  peer.say({ type: 'interrupt', ref: 3 });
  expect(await peer.heard('interrupted')).toMatchObject({ ref: 3, id: 'a' });
  expect(peer.got.at(-1)).toMatchObject({ type: 'end', id: 'a' });
  peer.say({ type: 'shutdown', graceMs: 70 });
  peer.say({ type: 'ping', n: 2 });
  await peer.heard('pong');
  expect(shutdowns).toEqual([70]);
});

const options = [{ optionId: 'yes', name: 'Yes', kind: 'allow_once' as const }];
const question = (requestId: string) => ({ requestId, toolCall: { title: 'rm' }, options });
const permission = (requestId: string) =>
  ({ type: 'permission', id: 'a', requestId, answer: 'allow_once', by: 'handler' }) as const;

/** A host whose command asks. */
async function asked(host: string, ...requestIds: readonly string[]) {
  rig.tell = (frame) => hosts.tell(frame);
  const peer = await join(host);
  await peer.heard('hello');
  peer.say({ type: 'command', id: 'a', text: 'x', permission: 'ask' });
  await peer.heard('begin');
  const answers = requestIds.map((requestId) => rig.driver.turn.ask(question(requestId)));
  for (const requestId of requestIds) {
    expect(await peer.heard('asking')).toEqual({ type: 'asking', id: 'a', request: question(requestId) });
  }
  return { peer, answers };
}

test('a question goes to the holder, whose answer the program gets; a pong says what is waited for', async () => {
  const { peer, answers } = await asked('one', 'r');
  peer.say({ type: 'ping', n: 1 });
  expect(await peer.heard('pong')).toMatchObject({ running: 'a', waitingFor: 'permission' });
  peer.say(permission('r'));
  expect(await answers[0]).toBe('allow_once');
  peer.say({ type: 'ping', n: 2 });
  expect(await peer.heard('pong')).not.toHaveProperty('waitingFor');
});

test('a question does not wait behind output that is held back', async () => {
  rig.tell = (frame) => hosts.tell(frame);
  const peer = await join('one');
  await peer.heard('hello');
  peer.say({ type: 'command', id: 'a', text: 'x', permission: 'ask' });
  await peer.heard('begin');
  peer.say({ type: 'pause' });
  peer.say({ type: 'ping', n: 1 });
  await peer.heard('pong');
  rig.driver.turn.write('stdout', 'output');
  void rig.driver.turn.ask(question('r'));
  await peer.heard('asking');
  expect(peer.got).toEqual([]);
});

test('what is open is asked again after each hello and each resume of the command, and of no other', async () => {
  const { peer, answers } = await asked('one', 'r', 's');
  peer.say(permission('r'));
  await answers[0];
  hosts.end();
  const two = await join('two');
  await two.heard('hello');
  expect((await two.heard('asking')).request.requestId).toBe('s');
  rig.command('b');
  two.say({ type: 'resume', ref: 1, id: 'b' });
  await two.heard('resumed');
  two.say({ type: 'resume', ref: 2, id: 'a' });
  await two.heard('resumed');
  expect((await two.heard('asking')).request.requestId).toBe('s');
  two.say(permission('s'));
  expect(await answers[1]).toBe('allow_once');
  two.say({ type: 'resume', ref: 3, id: 'a' });
  await two.heard('resumed');
  two.say({ type: 'ping', n: 1 });
  await two.heard('pong');
  expect(two.got.filter(({ type }) => type === 'asking')).toEqual([]);
});

test('an observer is not asked, and its answer is refused', async () => {
  const { answers } = await asked('one', 'r');
  const eye = await Peer.connect();
  peers.push(eye);
  const hello = { type: 'hello', protocol: [1, 1], host: 'eye' } as const;
  const session = HostSession.open(hello, eye.near, new Sender(rig.journal, () => {}), parts, true);
  eye.near.subscribe((frame) => session?.receive(frame));
  eye.say({ type: 'resume', ref: 1, id: 'a' });
  await eye.heard('resumed');
  eye.say(permission('r'));
  expect(await eye.heard('refused')).toMatchObject({ code: 'CCB_LOCKED', id: 'a' });
  expect(eye.got.filter(({ type }) => type === 'asking')).toEqual([]);
  rig.driver.turn.end();
  expect(await answers[0]).toBe('cancelled');
  session?.end();
});

test('an answer that is ready only when its host has gone reaches nobody else', async () => {
  const one = await join('one');
  await one.heard('hello');
  one.say({ type: 'command', id: 'a', text: 'x' });
  await one.heard('begin');
  one.say({ type: 'interrupt', ref: 3 });
  one.say({ type: 'ping', n: 1 });
  await one.heard('pong');
  one.hello('two');
  one.hello('one');
  await one.heard('hello');
  rig.driver.turn.end();
  await one.heard('end');
  one.say({ type: 'ping', n: 2 });
  await one.heard('pong');
  expect(one.got.filter(({ type }) => type === 'interrupted')).toEqual([]);
});

test('a refusal that comes later goes to whoever holds the agent then', async () => {
  const one = await join('one');
  await one.heard('hello');
  hosts.tell({ type: 'refused', id: 'a', code: 'CCB_STOPPED', message: 'm', retryable: true });
  expect(await one.heard('refused')).toMatchObject({ id: 'a' });
  hosts.end();
  hosts.tell({ type: 'refused', id: 'b', code: 'CCB_STOPPED', message: 'm', retryable: true });
  expect(one.got).toEqual([]);
});
