import type { StateChange } from '@ccb/instance-interface';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DockerContainer } from '../docker-container.ts';
import { EngineProxy } from '../testing/engine-proxy.ts';
import { docker, Sandbox } from '../testing/sandbox.ts';
import { whenMoved } from '../testing/state-changes.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await Sandbox.make();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

/** What happens to the container, and the move that it makes. */
async function during(box: DockerContainer, to: StateChange['to'], ...args: readonly string[]): Promise<StateChange> {
  const [change] = await Promise.all([whenMoved(box, to), docker(...args)]);
  return change;
}

test.concurrent('what the world does to the container is a move, with its reason, before the world looks again', async () => {
  const box = await sandbox.create('world');
  await box.start();
  const since = new Date();
  const moves = [
    ['pause', await during(box, 'unreachable', 'pause', 'ccb-world')],
    ['unpause', await during(box, 'running', 'unpause', 'ccb-world')],
    ['die', await during(box, 'failed', 'kill', 'ccb-world')],
    ['start', await during(box, 'running', 'start', 'ccb-world')],
    ['die', await during(box, 'stopped', 'stop', 'ccb-world')],
  ] as const;
  expect(moves.map(([, change]) => change.reason)).toEqual([
    'the container is paused',
    'the container goes on',
    'the container ended: exit 137 (SIGKILL)',
    expect.any(String),
    'the container ended: exit 0',
  ]);
  expect(moves[2][1].error).toMatchObject({ code: 'CCB_STOPPED', message: expect.stringContaining('start()') });
  const events = await eventsOf('ccb-world', since);
  const late = moves.flatMap(([action, change], index) => {
    // A start is a start of the agent too.
    if (action === 'start') return [];
    const earlier = moves.slice(0, index).filter(([other]) => other === action).length;
    const at = events.filter((event) => event.action === action)[earlier]?.at ?? 0;
    return [Date.parse(change.at) - at];
  });
  expect(late.length).toBe(4);
  expect(late.sort((a, b) => a - b)[1]).toBeLessThan(100);
});

test.concurrent('an engine that is lost and comes back is seen, and the instance is what it was', async () => {
  await using proxy = await EngineProxy.start();
  await using own = await Sandbox.make({ docker: proxy.client() });
  const box = await own.create('engine');
  await box.sendCommandAndWait('x=kept');
  const [lost] = await Promise.all([whenMoved(box, 'unreachable'), proxy.lose()]);
  expect(lost.reason).toBe(`the engine ${proxy.address} does not answer`);
  expect(await box.isRunning()).toBe(false);
  expect((await box.getInfo()).problem).toContain(proxy.address);
  const [back] = await Promise.all([whenMoved(box, 'running'), proxy.back()]);
  expect(back.reason).toContain('answers again');
  expect(await box.sendCommandAndWait('echo $x')).toMatchObject({ output: 'kept\n' });
});

test.concurrent('what happened while the engine was not to be asked is told when it is back', async () => {
  await using proxy = await EngineProxy.start();
  await using own = await Sandbox.make({ docker: proxy.client() });
  const box = await own.create('missed');
  await box.start();
  await Promise.all([whenMoved(box, 'unreachable'), proxy.lose()]);
  await docker('kill', 'ccb-missed');
  const [back] = await Promise.all([whenMoved(box, 'failed'), proxy.back()]);
  expect(back.reason).toBe('the container ended: exit 137 (SIGKILL)');
});

test.concurrent('a command in flight ends with what ended its container', async () => {
  const box = await sandbox.create('flight');
  await box.start();
  const stream = box.sendCommand('echo begun; sleep 300');
  const [change] = await Promise.all([
    whenMoved(box, 'unreachable'),
    (async () => {
      for await (const _ of stream.text({ cancelOnReturn: false })) break;
      await docker('kill', 'ccb-flight');
    })(),
  ]);
  // The end of its pipes is there before the engine's word.
  expect(change.reason).toBe('the agent is gone (eof)');
  const result = await stream.result;
  expect(result).toMatchObject({ success: false, status: 'failed', error: { code: 'CCB_AGENT_LOST' } });
  expect(result.error?.message).toContain('the container ended: exit 137 (SIGKILL)');
  expect(await box.sendCommandAndWait('echo on')).toMatchObject({ output: 'on\n' });
});

test.concurrent('a container that is restarted has another agent, which is joined without being asked', async () => {
  const box = await sandbox.create('restart', { env: { TOKEN: 'given again' } });
  await box.sendCommandAndWait('x=gone');
  const [change] = await Promise.all([whenMoved(box, 'running'), docker('restart', '--time', '5', 'ccb-restart')]);
  expect(change.from).not.toBe('running');
  expect(await box.sendCommandAndWait('echo "[$x] $TOKEN"')).toMatchObject({ output: '[] given again\n' });
});

test.concurrent('the health of an adopted container counts', async () => {
  const health = ['--health-cmd', 'test ! -e /tmp/ill', '--health-interval', '200ms', '--health-retries', '1'];
  await docker('run', '-d', '--rm', '--init', '--name', 'ccb-test-health', ...health, sandbox.image, 'sleep', '600');
  try {
    const box = await sandbox.create('health', adopted('ccb-test-health'));
    await box.start();
    const ill = await during(box, 'unreachable', 'exec', 'ccb-test-health', 'touch', '/tmp/ill');
    expect(ill.reason).toBe('the container is unhealthy');
    expect((await box.getInfo()).container?.health).toBe('unhealthy');
    const well = await during(box, 'running', 'exec', 'ccb-test-health', 'rm', '/tmp/ill');
    expect(well.reason).toBe('the container is healthy');
    await box.cleanup({ remove: true });
  } finally {
    await docker('rm', '--force', 'ccb-test-health').catch(() => {});
  }
});

function adopted(container: string): object {
  return { adopt: { container }, image: undefined, network: undefined, workspace: undefined };
}

async function eventsOf(container: string, since: Date): Promise<{ readonly action: string; readonly at: number }[]> {
  const window = ['--since', since.toISOString(), '--until', new Date().toISOString()];
  const format = ['--format', '{{.TimeNano}} {{.Action}}'];
  const said = await docker('events', '--filter', `container=${container}`, ...window, ...format);
  return said.split('\n').map((line) => {
    const [nanoseconds = '', action = ''] = line.split(' ');
    return { action, at: Number(nanoseconds) / 1e6 };
  });
}
