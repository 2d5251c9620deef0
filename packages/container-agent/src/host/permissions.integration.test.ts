import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandEvent, PermissionHandler, PermissionPolicy, PermissionRequest } from '@ccb/instance-interface';
import { type Channel, NamedPipeChannel } from '@ccb/named-pipe';
import { makeFifo } from '@ccb/named-pipe/fifo';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Agent } from '../agent/agent.ts';
import { ScriptedDriver, type ScriptedTurn } from '../agent/testing/scripted-driver.ts';
import type { DriverContext } from '../drivers/driver.ts';
import { AgentClient } from './agent-client.ts';
import { AgentInstance } from './agent-instance.ts';
import { instanceLayout } from './layout.ts';

let begun: (turn: ScriptedTurn) => void;
/** The one turn of the program, once it has begun. */
let running: Promise<ScriptedTurn>;

// The agent is the real one; only its program is one that asks when the test wants it to.
vi.mock('../drivers/catalogue.ts', () => ({
  driverFactory: async () => (context: DriverContext) => {
    const driver = new ScriptedDriver(context);
    const run = driver.run.bind(driver);
    driver.run = (turn) => {
      const end = run(turn);
      begun(driver.turn);
      return end;
    };
    driver.onInterrupt = () => driver.turn.end();
    return driver;
  },
}));

const question = (requestId = 'r'): PermissionRequest => ({
  requestId,
  toolCall: { title: 'rm -r build', kind: 'execute' },
  options: [
    { optionId: 'yes', name: 'Yes', kind: 'allow_once' },
    { optionId: 'no', name: 'No', kind: 'reject_once' },
  ],
});

let root: string;
let pipes: string;
let agent: Agent;
const clients: AgentClient[] = [];

beforeEach(async () => {
  running = new Promise((resolve) => {
    begun = resolve;
  });
  root = mkdtempSync(join(tmpdir(), 'ccb-permissions-'));
  const layout = instanceLayout(join(root, 'box'), 'box');
  for (const path of [layout.pipesDirectory, layout.state]) mkdirSync(path, { recursive: true, mode: 0o700 });
  for (const kind of ['in', 'out', 'ctl']) await makeFifo(`${layout.pipes}.${kind}.fifo`);
  pipes = layout.pipes;
  const settings = {
    version: 1 as const,
    name: 'box',
    instanceId: `test-${process.pid}-permissions`,
    pipes,
    state: layout.state,
    program: 'claude',
    programArgs: [],
    workspace: root,
    env: {},
    secrets: [],
  };
  agent = await Agent.start(settings, '0.0.0', () => {});
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await agent[Symbol.asyncDispose]();
  rmSync(root, { recursive: true, force: true });
});

function channelToAgent(): Promise<Channel> {
  return NamedPipeChannel.connect(pipes, { lock: false });
}

async function host(): Promise<AgentClient> {
  const client = await AgentClient.connect(await channelToAgent());
  clients.push(client);
  await client.configure({});
  return client;
}

/** A handler that decides when the test does. */
function person() {
  const asked: PermissionRequest[] = [];
  const answers: ((answer: 'allow_once' | 'reject_once') => void)[] = [];
  let wake: () => void = () => {};
  const handler: PermissionHandler = (request) => {
    asked.push(request);
    wake();
    return new Promise((resolve) => answers.push(resolve));
  };
  const whenAsked = async (times: number): Promise<void> => {
    while (asked.length < times) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { asked, answers, handler, whenAsked };
}

/** What the journal says of questions. */
async function journaled(client: AgentClient): Promise<readonly object[]> {
  const entries: object[] = [];
  for await (const { commandId, at, cursor, ...entry } of client.history({ follow: false })) {
    if (entry.type.startsWith('permission_')) entries.push(entry);
  }
  return entries;
}

test('a question outlives the host that was asked: the next one is asked again, and its answer counts', async () => {
  const [first, second] = [person(), person()];
  const one = await host();
  one.run('clean up', { id: 'a', permission: first.handler });
  const turn = await running;
  const answered = Promise.all([turn.ask(question('one')), turn.ask(question('two'))]);
  await first.whenAsked(2);
  expect(await one.ping()).toMatchObject({ running: 'a', waitingFor: 'permission' });
  await one.close();

  const two = await host();
  const stream = two.resume('a', { permission: second.handler });
  await second.whenAsked(2);
  expect(second.asked).toEqual([question('one'), question('two')]);
  // One whose host has gone decides nothing.
  for (const answer of first.answers) answer('reject_once');
  second.answers[1]?.('reject_once');
  second.answers[0]?.('allow_once');
  expect(await answered).toEqual(['allow_once', 'reject_once']);
  expect((await two.ping()).waitingFor).toBeUndefined();
  turn.end();
  expect(await stream.result).toMatchObject({ success: true });
  expect(await journaled(two)).toEqual([
    { type: 'permission_request', ...question('one') },
    { type: 'permission_request', ...question('two') },
    { type: 'permission_resolved', requestId: 'two', optionId: 'no', by: 'handler' },
    { type: 'permission_resolved', requestId: 'one', optionId: 'yes', by: 'handler' },
  ]);
});

test.each<[PermissionPolicy, string, string]>([
  ['deny', 'reject_once', 'policy'],
  ['allow', 'allow_once', 'policy'],
])('a host that resumes with the policy %s answers what was open', async (permission, expected, by) => {
  const one = await host();
  const { handler, whenAsked } = person();
  one.run('clean up', { id: 'a', permission: handler });
  const turn = await running;
  const answered = turn.ask(question());
  await whenAsked(1);
  await one.close();
  const two = await host();
  two.resume('a', { permission });
  expect(await answered).toBe(expected);
  expect(await journaled(two)).toMatchObject([{ requestId: 'r' }, { requestId: 'r', by }]);
});

test('a policy without a handler answers while no host is there', async () => {
  const one = await host();
  one.run('clean up', { id: 'a', permission: 'allow' });
  const turn = await running;
  await one.close();
  expect(await turn.ask(question())).toBe('allow_once');
  turn.end();
  const events: CommandEvent[] = [];
  for await (const event of (await host()).resume('a').events()) events.push(event);
  expect(events.map(({ type }) => type)).toEqual(['permission_request', 'permission_resolved', 'end']);
});

test('a cancel while a question is open ends both, and the handler is told', async () => {
  const one = await host();
  const { handler, whenAsked } = person();
  const signals: AbortSignal[] = [];
  const permission: PermissionHandler = (request, context) => {
    signals.push(context.signal);
    return handler(request, context);
  };
  const stream = one.run('clean up', { id: 'a', permission });
  const answered = (await running).ask(question());
  await whenAsked(1);
  expect(await stream.cancel()).toMatchObject({ status: 'cancelled' });
  expect(await answered).toBe('cancelled');
  expect(signals[0]?.aborted).toBe(true);
  expect(await journaled(one)).toMatchObject([
    { type: 'permission_request' },
    { type: 'permission_resolved', requestId: 'r', by: 'cancelled' },
  ]);
});

class Box extends AgentInstance {
  constructor(program: string, permission?: PermissionPolicy) {
    const createdAt = new Date().toISOString();
    const record = { version: 1 as const, name: 'box', type: 'test', createdAt, program, data: {} };
    super(record, { secrets: {}, created: false, permission });
  }
  protected override _launch = async (): Promise<'running'> => 'running';
  protected override _alive = async (): Promise<boolean> => true;
  protected override _whenGone = (): Promise<void> => new Promise(() => {});
  protected override _channel = channelToAgent;
  protected override _kill = async (): Promise<void> => {};
  protected override _hold = async (): Promise<void> => {};
  protected override _release = async (): Promise<void> => {};
  protected override async _cleanup(): Promise<void> {}
}

test('an instance asks its own policy where the command has none, and tells what is waited for', async () => {
  const { handler, answers, whenAsked } = person();
  const box = new Box('claude', handler);
  expect(box.capabilities).toMatchObject({ permissions: true, exitCode: false });
  expect(new Box('shell').capabilities).toMatchObject({ permissions: false, exitCode: true });
  await box.start();
  box.sendCommand('clean up', { id: 'a' });
  const turn = await running;
  const answered = turn.ask(question());
  await whenAsked(1);
  expect((await box.getInfo()).command).toMatchObject({ id: 'a', waitingFor: 'permission' });
  answers[0]?.('allow_once');
  expect(await answered).toBe('allow_once');
  expect((await box.getInfo()).command?.waitingFor).toBeUndefined();
  await box.detach();
});
