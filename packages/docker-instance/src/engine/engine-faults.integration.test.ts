import { Readable } from 'node:stream';
import { type CallOptions, InstanceError } from '@ccb/instance-interface';
import { describe, expect, it } from 'vitest';
import { FakeEngine, type FakeFault } from '../testing/fake-engine.ts';
import { frame } from '../testing/fake-exec.ts';
import { connectEngine } from './connect.ts';
import type { Engine, LogLine, LogOptions } from './engine.ts';

// Where no answer comes it is the outcome; elsewhere it must not be, however busy the machine is.
const SHORT_MS = 300;
const LONG_MS = 1_500;
const SILENT: ReadonlySet<FakeFault> = new Set<FakeFault>(['hang', 'stall', 'drip']);
// The machine may be busy; a call that has no deadline never settles at all.
const SLACK_MS = 2_000;
const SECRET = 'sk-very-secret-42';
const COMMAND = { argv: ['x'], env: [`TOKEN=${SECRET}`] } as const;

function logCall({ timeoutMs = LONG_MS }: CallOptions): LogOptions {
  return { signal: AbortSignal.timeout(timeoutMs) };
}

interface Door {
  readonly path: RegExp;
  readonly call: (engine: Engine, call: CallOptions) => Promise<unknown>;
}

const DOORS: Readonly<Record<string, Door>> = {
  about: { path: /^GET \/version/, call: (engine, call) => engine.about(call) },
  'about: info': { path: /^GET \/info/, call: (engine, call) => engine.about(call) },
  createContainer: {
    path: /^POST \/containers\/create/,
    call: (engine, call) => engine.createContainer('new', { Image: 'image:1', Env: [`TOKEN=${SECRET}`] }, call),
  },
  inspectContainer: {
    path: /^GET .*\/running\/json/,
    call: (engine, call) => engine.inspectContainer('running', call),
  },
  startContainer: { path: /containers.*\/start$/, call: (engine, call) => engine.startContainer('created', call) },
  stopContainer: { path: /\/stop\?/, call: (engine, call) => engine.stopContainer('running', 0, call) },
  killContainer: { path: /\/kill\?/, call: (engine, call) => engine.killContainer('running', 'KILL', call) },
  removeContainer: { path: /^DELETE \/containers/, call: (engine, call) => engine.removeContainer('running', call) },
  listContainers: {
    path: /\/containers\/json/,
    call: (engine, call) => engine.listContainers({ labels: ['a'] }, call),
  },
  processes: { path: /\/top$/, call: (engine, call) => engine.processes('running', call) },
  usage: { path: /\/stats\?/, call: (engine, call) => engine.usage('running', call) },
  putArchive: { path: /^PUT /, call: (engine, call) => engine.putArchive('running', '/ccb', Buffer.alloc(1024), call) },
  logs: { path: /\/logs\?/, call: (engine, call) => all(engine.logs('running', logCall(call))) },
  'logs: inspection': {
    path: /^GET .*\/running\/json/,
    call: (engine, call) => all(engine.logs('running', logCall(call))),
  },
  'exec: create': { path: /^POST .*\/exec$/, call: (engine, call) => engine.exec('running', COMMAND, call) },
  'exec: start': { path: /^POST \/exec/, call: (engine, call) => engine.exec('running', COMMAND, call) },
  'exec: end': { path: /^GET \/exec/, call: (engine, call) => engine.exec('running', COMMAND, call) },
  'openExec: create': { path: /^POST .*\/exec$/, call: (engine, call) => engine.openExec('running', COMMAND, call) },
  inspectImage: { path: /^GET \/images/, call: (engine, call) => engine.inspectImage('image:1', call) },
  pullImage: { path: /fromImage/, call: (engine, call) => engine.pullImage('image:2', undefined, call) },
  buildImage: { path: /^POST \/build/, call: (engine, call) => engine.buildImage('image:3', tar(), undefined, call) },
  importImage: { path: /fromSrc/, call: (engine, call) => engine.importImage('image:4', tar(), [], undefined, call) },
  removeImage: { path: /^DELETE \/images/, call: (engine, call) => engine.removeImage('image:1', call) },
  inspectNetwork: { path: /^GET \/networks/, call: (engine, call) => engine.inspectNetwork('net', call) },
  createNetwork: { path: /^POST \/networks/, call: (engine, call) => engine.createNetwork('net2', {}, call) },
  removeNetwork: { path: /^DELETE \/networks/, call: (engine, call) => engine.removeNetwork('net', call) },
  createVolume: { path: /^POST \/volumes/, call: (engine, call) => engine.createVolume('vol2', {}, call) },
  removeVolume: { path: /^DELETE \/volumes/, call: (engine, call) => engine.removeVolume('vol', call) },
};

/** Nothing but the status of the answer counts. */
const BARE = {
  startContainer: 'fine',
  stopContainer: 'fine',
  killContainer: 'fine',
  removeContainer: 'fine',
  putArchive: 'fine',
  removeNetwork: 'fine',
  removeVolume: 'fine',
};
const GONE_ALREADY = {
  killContainer: 'fine',
  removeContainer: 'fine',
  inspectImage: 'fine',
  removeImage: 'fine',
  inspectNetwork: 'fine',
  removeNetwork: 'fine',
  removeVolume: 'fine',
};
const ABOUT_REFUSED = {
  about: 'CCB_ENGINE_REFUSED',
  'about: info': 'CCB_ENGINE_REFUSED',
  listContainers: 'CCB_ENGINE_REFUSED',
};
// How it ended is asked again and again.
const ASKED_AGAIN = { 'exec: end': 'CCB_TIMEOUT' };
// The stream is lost, and the engine says that the program goes on.
const RUNS_ON = { ...ASKED_AGAIN, 'exec: start': 'CCB_TIMEOUT' };
const OWN_SIGNAL = { logs: 'TimeoutError', 'logs: inspection': 'TimeoutError' };

/** What each call comes to: `other`, but for the exceptions. */
const TABLE: readonly {
  readonly fault: FakeFault;
  readonly other: string;
  readonly but: Readonly<Record<string, string>>;
}[] = [
  {
    fault: 404,
    other: 'CCB_NOT_FOUND',
    but: { ...GONE_ALREADY, ...ABOUT_REFUSED, 'exec: end': 'CCB_BACKEND_UNREACHABLE' },
  },
  { fault: 409, other: 'CCB_ENGINE_REFUSED', but: { removeContainer: 'fine', ...ASKED_AGAIN } },
  { fault: 500, other: 'CCB_ENGINE_REFUSED', but: ASKED_AGAIN },
  { fault: 'hang', other: 'CCB_TIMEOUT', but: OWN_SIGNAL },
  { fault: 'stall', other: 'CCB_TIMEOUT', but: OWN_SIGNAL },
  { fault: 'reset', other: 'CCB_BACKEND_UNREACHABLE', but: ASKED_AGAIN },
  { fault: 'truncated', other: 'CCB_BACKEND_UNREACHABLE', but: RUNS_ON },
  {
    fault: 'malformed',
    other: 'CCB_BACKEND_UNREACHABLE',
    but: {
      ...BARE,
      ...RUNS_ON,
      logs: 'CCB_PROTOCOL',
      removeImage: 'fine',
      createNetwork: 'fine',
      createVolume: 'fine',
    },
  },
  { fault: 'drip', other: 'CCB_TIMEOUT', but: { ...OWN_SIGNAL, ...BARE, 'exec: start': 'fine' } },
];

async function all(lines: AsyncIterable<LogLine>): Promise<readonly LogLine[]> {
  const read: LogLine[] = [];
  for await (const line of lines) read.push(line);
  return read;
}

function tar(): Readable {
  return Readable.from([Buffer.alloc(1024)]);
}

/** An engine with one of each. */
async function scene(): Promise<FakeEngine> {
  const fake = await FakeEngine.start();
  fake.state.images.add('image:1');
  fake.state.networks.set('net', {});
  fake.state.volumes.set('vol', {});
  await using cleanup = connected(fake);
  const { engine } = cleanup;
  await engine.createContainer('created', { Image: 'image:1' });
  await engine.startContainer(await engine.createContainer('running', { Image: 'image:1' }));
  const running = fake.state.find('running');
  if (running) running.log = frame('stdout', 'one line of a log\n');
  return fake;
}

function connected(fake: FakeEngine): AsyncDisposable & { readonly engine: Engine } {
  const engine = connectEngine({ socketPath: fake.socketPath, env: {} });
  return { engine, [Symbol.asyncDispose]: async () => engine.close() };
}

/** The code of what it threw, `fine`, or what it should never be. */
async function outcomeOf(work: Promise<unknown>, timeoutMs = LONG_MS): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('it never settled'), timeoutMs + SLACK_MS);
  });
  const outcome = await Promise.race([late, work.then(() => 'fine', codeOf)]);
  clearTimeout(timer);
  return outcome;
}

function codeOf(error: unknown): string {
  if (error instanceof DOMException) return error.name;
  if (!InstanceError.is(error)) return `a foreign error: ${error}`;
  return error.message.includes(SECRET) ? 'it tells a secret' : error.code;
}

async function ending(door: Door, fault: FakeFault): Promise<string> {
  await using fake = await scene();
  fake.fails(door.path, fault);
  await using open = connected(fake);
  const timeoutMs = SILENT.has(fault) ? SHORT_MS : LONG_MS;
  const outcome = await outcomeOf(door.call(open.engine, { timeoutMs }), timeoutMs);
  // Before the engine is let go: the call itself has left no connection.
  await fake.whenIdle();
  return outcome;
}

describe('every call of an engine ends in time, with its connections, in an error that says what', () => {
  it.each(TABLE)('when the answer is: $fault', async ({ fault, other, but }) => {
    const names = Object.keys(DOORS);
    const outcomes = await Promise.all(Object.values(DOORS).map((door) => ending(door, fault)));
    expect(Object.fromEntries(names.map((name, index) => [name, outcomes[index]]))).toEqual({
      ...Object.fromEntries(names.map((name) => [name, other])),
      ...but,
    });
  });
});

describe('closing an engine', () => {
  it('ends what is under way with CCB_CLOSED, and each later call', async () => {
    await using fake = await scene();
    fake.fails(/./, 'hang');
    const { engine } = connected(fake);
    const calls = Object.values(DOORS).map((door) => outcomeOf(door.call(engine, {})));
    engine.close();
    engine.close();
    calls.push(outcomeOf(engine.about()));
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['CCB_CLOSED']));
    await fake.whenIdle();
  });
});

describe('what an engine is asked', () => {
  it('has neither an environment nor a spec in its URL', async () => {
    await using fake = await scene();
    await using open = connected(fake);
    await Promise.all(Object.values(DOORS).map((door) => outcomeOf(door.call(open.engine, {}))));
    const { requests } = fake;
    expect(requests.filter(({ body }) => body.includes(SECRET))).toHaveLength(5);
    expect(requests.filter(({ url }) => /very-secret|Env|Cmd|HostConfig|Labels/.test(decodeURIComponent(url)))).toEqual(
      [],
    );
  });
});
