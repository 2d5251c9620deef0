import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, watch, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NamedPipeChannel } from '@ccb/named-pipe';
import { makeFifo, openWriter } from '@ccb/named-pipe/fifo';
import { acquireLock, isLocked } from '@ccb/named-pipe/lock';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { instanceLayout } from '../host/layout.ts';
import { openObserverChannel } from '../host/observer-channel.ts';
import { Journal } from '../journal/journal.ts';
import { beginLine, put } from '../journal/testing/lines.ts';
import type { AgentFrame, HostFrame } from '../protocol/frames.ts';
import { Agent } from './agent.ts';
import { encodeJoin } from './control-fifo.ts';
import type { AgentSettings } from './settings.ts';
import { Conversation } from './testing/conversation.ts';

let root: string;
let settings: AgentSettings & { readonly pipes: string };
const agents: Agent[] = [];
const hosts: Conversation[] = [];
let logged: string[];
const { signal } = new AbortController();

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'ccb-agent-'));
  const layout = instanceLayout(join(root, 'box'), 'box');
  for (const path of [layout.pipesDirectory, layout.state]) mkdirSync(path, { recursive: true, mode: 0o700 });
  for (const kind of ['in', 'out', 'ctl']) await makeFifo(`${layout.pipes}.${kind}.fifo`);
  logged = [];
  settings = {
    version: 1,
    name: 'box',
    instanceId: `test-${process.pid}-box`,
    pipes: layout.pipes,
    state: layout.state,
    program: 'shell',
    programArgs: [],
    workspace: root,
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: root },
    secrets: [],
    hostSilenceMs: 1_000,
  };
});
afterEach(async () => {
  await Promise.all(hosts.splice(0).map(({ far }) => far.close({ timeoutMs: 100 })));
  await Promise.all(agents.splice(0).map((agent) => agent[Symbol.asyncDispose]()));
  rmSync(root, { recursive: true, force: true });
});

async function start(changes: Partial<AgentSettings> = {}): Promise<Agent> {
  const agent = await Agent.start({ ...settings, ...changes }, '0.0.0', (_level, event) => logged.push(event));
  agents.push(agent);
  return agent;
}

async function host(name: string): Promise<Conversation> {
  const channel = await NamedPipeChannel.connect<AgentFrame, HostFrame>(settings.pipes, { lock: false });
  const conversation = new Conversation(channel);
  hosts.push(conversation);
  conversation.hello(name);
  return conversation;
}

async function configured(name: string): Promise<Conversation> {
  const one = await host(name);
  await one.heard('hello');
  one.say({ type: 'configure', secrets: {} });
  await one.heard('configured');
  return one;
}

async function observer(name: string): Promise<Conversation> {
  const channel = await openObserverChannel(settings.pipes, signal);
  await channel.whenUp({ timeoutMs: 5_000 });
  const eye = new Conversation(channel as NamedPipeChannel<AgentFrame, HostFrame>);
  hosts.push(eye);
  eye.hello(name);
  await eye.heard('hello');
  return eye;
}

test('there is one agent of an instance, and the next one when that has ended', async () => {
  const first = await start();
  await expect(start()).rejects.toMatchObject({ code: 'CCB_PIPE_LOCKED' });
  await first.stop('test', 100);
  // Held to the end of the process, so that nothing is left of it when the lock is free.
  expect(await isLocked(join(settings.state, 'agent.lock'))).toBe(true);
  await first[Symbol.asyncDispose]();
  await start();
});

test('an agent that cannot listen leaves the lock free', async () => {
  rmSync(`${settings.pipes}.in.fifo`);
  writeFileSync(`${settings.pipes}.in.fifo`, '');
  await expect(start()).rejects.toMatchObject({ code: 'CCB_PIPE_UNSAFE' });
  expect(await isLocked(join(settings.state, 'agent.lock'))).toBe(false);
});

test('a command that was begun when an agent died ends as lost, and is never run again', async () => {
  const journal = Journal.open(join(settings.state, 'journal'));
  put(journal, beginLine(1, 'lost', 'echo twice >> ran'));
  journal.close();
  await start();
  const one = await configured('one');
  one.say({ type: 'resume', ref: 1, id: 'lost' });
  expect(await one.heard('end')).toMatchObject({
    id: 'lost',
    result: { status: 'failed', error: { code: 'CCB_AGENT_LOST' } },
  });
  expect(existsSync(join(root, 'ran'))).toBe(false);
});

test('no program is started, and no command taken, before the secrets have come', async () => {
  await start({ secrets: ['TOKEN', 'constructor'] });
  const one = await host('one');
  expect(await one.heard('hello')).toMatchObject({ configured: false });
  one.say({ type: 'command', id: 'a', text: 'echo x' });
  expect(await one.heard('refused')).toMatchObject({ id: 'a', code: 'CCB_SECRET_MISSING' });
  one.say({ type: 'configure', secrets: { TOKEN: 'x' } });
  expect(await one.heard('refused')).toMatchObject({
    code: 'CCB_SECRET_MISSING',
    message: expect.stringContaining('constructor'),
  });
  one.say({ type: 'configure', secrets: { TOKEN: 'x', constructor: 'y', OTHER: 'z' } });
  await one.heard('configured');
  one.say({ type: 'command', id: 'b', text: 'echo "$TOKEN$constructor[$OTHER]"' });
  expect(await one.heard('event')).toMatchObject({ event: { text: 'xy[]\n' } });
});

test('a program that this agent does not know is refused, and the agent lives on', async () => {
  await start({ program: 'emacs' });
  const one = await host('one');
  one.say({ type: 'configure', secrets: {} });
  expect(await one.heard('refused')).toMatchObject({ code: 'CCB_PROGRAM_NOT_FOUND' });
  one.say({ type: 'ping', n: 1 });
  expect(await one.heard('pong')).toMatchObject({ program: 'idle' });
});

test('commands that wait for a program that cannot start are refused, all of them', async () => {
  await start({ env: { PATH: '/nowhere' } });
  const one = await host('one');
  one.say({ type: 'configure', secrets: {} });
  for (const id of ['a', 'b']) one.say({ type: 'command', id, text: 'x' });
  const refusals = [await one.heard('refused'), await one.heard('refused'), await one.heard('refused')];
  expect(refusals.map(({ code }) => code)).toEqual(Array(3).fill('CCB_PROGRAM_NOT_FOUND'));
  expect(refusals.map(({ id }) => id).sort()).toEqual(['a', 'b', undefined]);
});

test('a deadline holds though the host that set it has gone', async () => {
  await start();
  const one = await configured('one');
  one.say({ type: 'command', id: 'a', text: 'echo begun; sleep 300', timeoutMs: 300 });
  await one.heard('event');
  await one.far.close();
  const two = await host('two');
  await two.heard('hello');
  two.say({ type: 'resume', ref: 1, id: 'a' });
  expect(await two.heard('end')).toMatchObject({ id: 'a', result: { status: 'timeout', completedBy: 'deadline' } });
});

test('a host that reads slowly gets the last lines before the agent is gone', async () => {
  const agent = await start();
  const one = await configured('one');
  await makeFifo(join(root, 'gate'));
  one.say({
    type: 'command',
    id: 'a',
    text: 'echo; read line < gate; head -c 3000000 /dev/zero | tr "\\0" x; sleep 300',
  });
  await one.heard('event');
  one.far.pause();
  const journaled = watch(join(settings.state, 'journal'));
  const grown = new Promise<void>((resolve) => {
    const segment = join(settings.state, 'journal', '0000000000000001.log');
    journaled.on('change', () => statSync(segment).size > 3_000_000 && resolve());
  });
  await writeFile(join(root, 'gate'), '\n');
  await grown;
  journaled.close();
  const down = new Promise<void>((resolve) => one.far.on('down', () => resolve()));
  const stopped = agent.stop('test', 300);
  // Once the program has ended, and the end is behind all that in the journal.
  await new Promise((resolve) => setTimeout(resolve, 600));
  one.far.resume();
  await Promise.all([stopped, down]);
  const end = one.got.at(-1);
  expect(end).toMatchObject({ type: 'end', id: 'a', result: { error: { code: 'CCB_STOPPED' } } });
  expect(end).toMatchObject({ seq: 1 + one.got.filter(({ type }) => type === 'event').length + 2 });
});

test('observers get a place each, up to sixteen, and one that has fallen silent gives its place up', async () => {
  await start();
  const eyes: Conversation[] = [];
  for (let i = 0; i < 16; i += 1) eyes.push(await observer(`eye ${i}`));
  const downs = Promise.race(eyes.map(({ far }) => new Promise<void>((resolve) => far.on('down', () => resolve()))));
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  const late = await observer('late');
  await downs;
  late.say({ type: 'ping', n: 1 });
  await late.heard('pong');
});

test('an observer that goes in the middle of its question harms nobody, and leaves no pipe', async () => {
  await start();
  const one = await configured('one');
  const eye = await observer('eye');
  one.say({ type: 'command', id: 'a', text: 'echo begun; sleep 300' });
  await one.heard('event');
  eye.say({ type: 'interrupt', ref: 1 });
  await eye.far.close();
  expect(await one.heard('end')).toMatchObject({ result: { status: 'cancelled' } });
  one.say({ type: 'command', id: 'b', text: 'echo fine' });
  expect(await one.heard('event')).toMatchObject({ event: { text: 'fine\n' } });
  expect(readdirSync(join(root, 'box', 'pipes')).sort()).toEqual(['box.ctl.fifo', 'box.in.fifo', 'box.out.fifo']);
});

test('what only the holder may say is refused to an observer, and its acknowledgements do not count', async () => {
  await start();
  const one = await configured('one');
  one.say({ type: 'command', id: 'a', text: 'echo x' });
  await one.heard('end');
  const eye = await observer('eye');
  eye.say({ type: 'command', id: 'b', text: 'echo no' });
  expect(await eye.heard('refused')).toMatchObject({ id: 'b', code: 'CCB_LOCKED' });
  eye.say({ type: 'ack', seq: 2 });
  eye.say({ type: 'ping', n: 1, ack: 2 });
  await eye.heard('pong');
  expect(eye.got).toEqual([]);
  one.hello('one');
  expect(await one.heard('hello')).toMatchObject({ ackedSeq: 0 });
});

test('one who asks to look on and never comes is given up', async () => {
  await start();
  const writer = openWriter(`${settings.pipes}.ctl.fifo`);
  writer?.end(encodeJoin('abcdefghijklmnop'));
  const one = await configured('one');
  one.say({ type: 'ping', n: 1 });
  await one.heard('pong');
  await agents[0]?.stop('test', 100);
  expect(logged).toContain('observer.unreachable');
});

test('an ephemeral agent ends when its holder is gone, and takes the directory along', async () => {
  const lock = await acquireLock(join(root, 'box', 'lock'));
  const agent = await start({ ephemeral: { lock: join(root, 'box', 'lock'), directory: join(root, 'box') } });
  await configured('one');
  await lock.release();
  await agent.ended();
  expect(existsSync(join(root, 'box'))).toBe(false);
});
