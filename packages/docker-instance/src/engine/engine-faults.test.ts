import { Readable } from 'node:stream';
import { InstanceError } from '@ccb/instance-interface';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeEngine, type FakeFault } from '../testing/fake-engine.ts';
import { connectEngine } from './connect.ts';
import type { Engine, LogLine } from './engine.ts';

const DEADLINE_MS = 300;
// The machine may be busy; a call that has no deadline never settles at all.
const SLACK_MS = 2_000;
const FAULTS = [404, 409, 500, 'hang', 'stall', 'reset', 'truncated', 'malformed', 'drip'] as const;
const SECRET = 'sk-very-secret-42';

interface Endpoint {
  readonly name: string;
  readonly path: RegExp;
  readonly call: (engine: Engine) => Promise<unknown>;
  /** Faults that this endpoint's answer makes harmless. */
  readonly harmless?: readonly FakeFault[];
}

const call = { timeoutMs: DEADLINE_MS };
const EMPTY = ['malformed', 'drip'] as const;
const ENDPOINTS: readonly Endpoint[] = [
  { name: 'about', path: /^GET \/version/, call: (engine) => engine.about(call) },
  { name: 'about, second half', path: /^GET \/info/, call: (engine) => engine.about(call) },
  {
    name: 'createContainer',
    path: /^POST \/containers\/create/,
    call: (engine) => engine.createContainer('new', { Image: 'image:1', Env: [`TOKEN=${SECRET}`] }, call),
  },
  { name: 'inspectContainer', path: /^GET .*\/running\/json/, call: (engine) => engine.inspectContainer('running', call) },
  { name: 'startContainer', path: /\/start$/, call: (engine) => engine.startContainer('created', call), harmless: EMPTY },
  {
    name: 'stopContainer',
    path: /\/stop\?/,
    call: (engine) => engine.stopContainer('running', 0, call),
    harmless: EMPTY,
  },
  {
    name: 'killContainer',
    path: /\/kill\?/,
    call: (engine) => engine.killContainer('running', 'KILL', call),
    harmless: [404, ...EMPTY],
  },
  {
    name: 'removeContainer',
    path: /^DELETE \/containers/,
    call: (engine) => engine.removeContainer('running', call),
    harmless: [404, 409, ...EMPTY],
  },
  { name: 'listContainers', path: /\/containers\/json/, call: (engine) => engine.listContainers({ labels: ['a'] }, call) },
  { name: 'processes', path: /\/top$/, call: (engine) => engine.processes('running', call) },
  { name: 'usage', path: /\/stats\?/, call: (engine) => engine.usage('running', call) },
  {
    name: 'putArchive',
    path: /^PUT /,
    call: (engine) => engine.putArchive('running', '/ccb', Buffer.alloc(1024), call),
    harmless: EMPTY,
  },
  {
    name: 'logs',
    path: /\/logs\?/,
    call: (engine) => all(engine.logs('running', { signal: AbortSignal.timeout(DEADLINE_MS) })),
  },
  {
    name: 'logs, the inspection',
    path: /^GET .*\/running\/json/,
    call: (engine) => all(engine.logs('running', { signal: AbortSignal.timeout(DEADLINE_MS) })),
  },
  { name: 'exec, the preparation', path: /^POST .*\/exec$/, call: (engine) => engine.exec('running', { argv: ['x'] }, call) },
  {
    name: 'exec, the start',
    path: /^POST \/exec/,
    call: (engine) => engine.exec('running', { argv: ['x'] }, call),
    harmless: ['drip'],
  },
  { name: 'exec, the end', path: /^GET \/exec/, call: (engine) => engine.exec('running', { argv: ['x'] }, call) },
  {
    name: 'openExec, the preparation',
    path: /^POST .*\/exec$/,
    call: (engine) => engine.openExec('running', { argv: ['x'] }, call),
  },
  {
    name: 'inspectImage',
    path: /^GET \/images/,
    call: (engine) => engine.inspectImage('image:1', call),
    harmless: [404],
  },
  { name: 'pullImage', path: /fromImage/, call: (engine) => engine.pullImage('image:2', undefined, call) },
  {
    name: 'buildImage',
    path: /^POST \/build/,
    call: (engine) => engine.buildImage('image:3', tar(), undefined, call),
  },
  { name: 'importImage', path: /fromSrc/, call: (engine) => engine.importImage('image:4', tar(), [], undefined, call) },
  {
    name: 'removeImage',
    path: /^DELETE \/images/,
    call: (engine) => engine.removeImage('image:1', call),
    harmless: [404, 'malformed'],
  },
  {
    name: 'inspectNetwork',
    path: /^GET \/networks/,
    call: (engine) => engine.inspectNetwork('net', call),
    harmless: [404],
  },
  {
    name: 'createNetwork',
    path: /^POST \/networks/,
    call: (engine) => engine.createNetwork('net2', {}, call),
    harmless: ['malformed'],
  },
  {
    name: 'removeNetwork',
    path: /^DELETE \/networks/,
    call: (engine) => engine.removeNetwork('net', call),
    harmless: [404, ...EMPTY],
  },
  {
    name: 'createVolume',
    path: /^POST \/volumes/,
    call: (engine) => engine.createVolume('vol2', {}, call),
    harmless: ['malformed'],
  },
  {
    name: 'removeVolume',
    path: /^DELETE \/volumes/,
    call: (engine) => engine.removeVolume('vol', call),
    harmless: [404, ...EMPTY],
  },
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
  if (running) running.log = Buffer.from('0100000000000003686f0a', 'hex');
  return fake;
}

function connected(fake: FakeEngine): AsyncDisposable & { readonly engine: Engine } {
  const engine = connectEngine({ socketPath: fake.socketPath, env: {} });
  return { engine, [Symbol.asyncDispose]: async () => engine.close() };
}

/** What became of it, and in time. */
async function outcomeOf(work: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve('it never settled'), DEADLINE_MS + SLACK_MS);
  });
  const outcome = await Promise.race([work.then(() => 'it went well', (error: unknown) => error), late]);
  clearTimeout(timer);
  return outcome;
}

describe.each(FAULTS.map((fault) => ({ fault })))('an engine whose answer is: $fault', ({ fault }) => {
  describe.concurrent('ends each call in time with an error that says what', () => {
    const rows = ENDPOINTS.filter(({ harmless }) => !harmless?.includes(fault));
    it.each(rows)('$name', async ({ path, call }) => {
      await using fake = await scene();
      fake.fails(path, fault);
      await using open = connected(fake);
      const outcome = await outcomeOf(call(open.engine));
      if (outcome instanceof DOMException) expect(outcome.name).toBe('TimeoutError');
      else {
        expect(outcome).toBeInstanceOf(InstanceError);
        expect(outcome).toMatchObject({ code: expect.stringMatching(/^CCB_/), message: expect.stringMatching(/\w/) });
        expect(String(outcome)).not.toContain(SECRET);
      }
      await fake.whenIdle();
    });
  });

  describe.concurrent('is no matter for a call that needs no more', () => {
    const rows = ENDPOINTS.filter(({ harmless }) => harmless?.includes(fault));
    it.each(rows)('$name', async ({ path, call }) => {
      await using fake = await scene();
      fake.fails(path, fault);
      await using open = connected(fake);
      expect(await outcomeOf(call(open.engine))).toBe('it went well');
      await fake.whenIdle();
    });
  });
});
