import { expect, test, vi } from 'vitest';
import type { Engine, EngineEvent } from '../engine/engine.ts';
import { StateWatch } from './state-watch.ts';
import { inspectionOf } from './testing/inspection.ts';

const at = new Date(0);

function watched(found: ReturnType<typeof inspectionOf> | undefined, connected = true) {
  let tell = (_event: EngineEvent): void => {};
  const unwatch = vi.fn();
  const engine = {
    address: 'unix:///e.sock',
    watch: (_container: string, listener: (event: EngineEvent) => void) => {
      tell = listener;
      return unwatch;
    },
    inspectContainer: async () => found,
  } as unknown as Engine;
  const moves: string[] = [];
  const settled = { done: (): void => {} };
  const whenSettled = new Promise<void>((resolve) => {
    settled.done = resolve;
  });
  const scene = { waitedFor: false, moving: false };
  const follow = (what: string) => (): void => {
    moves.push(what);
    settled.done();
  };
  const watch = new StateWatch('box', 'ccb-box', engine, {
    get waitedFor() {
      return scene.waitedFor;
    },
    get moving() {
      return scene.moving;
    },
    moved: (to, reason, error) => {
      moves.push(`${to}: ${reason}${error ? ` (${error.code})` : ''}`);
      settled.done();
    },
    ping: async () => connected,
    unconnected: follow('unconnected'),
    reachable: () => {},
    startedOutside: follow('started outside'),
    log: () => {},
  });
  return {
    watch,
    scene,
    moves,
    whenSettled,
    unwatch,
    tell: (action: string, more = {}) => tell({ action, at, ...more }),
  };
}

const running = inspectionOf({ state: { status: 'running', running: true } });
const exited = inspectionOf({ state: { status: 'exited', running: false, exitCode: 137 } });

test('an end for want of memory is told so, though the inspection does not', async () => {
  const { tell, moves, whenSettled } = watched(exited);
  tell('oom');
  tell('die', { exitCode: 137 });
  await whenSettled;
  expect(moves).toEqual(['failed: the container ended: exit 137, out of memory (CCB_STOPPED)']);
});

test.each<[string, object, string]>([
  ['pause', {}, 'unreachable: the container is paused'],
  ['unpause', {}, 'running: the container goes on'],
  ['destroy', {}, 'stopped: the container was removed'],
  ['start', {}, 'started outside'],
  ['health_status', { health: 'unhealthy' }, 'unreachable: the container is unhealthy'],
  ['health_status', { health: 'healthy' }, 'running: the container is healthy'],
  ['lost', {}, 'unreachable: the engine unix:///e.sock does not answer'],
  ['back', { inspection: running }, 'running: the engine unix:///e.sock answers again'],
  ['back', { inspection: exited }, 'failed: the container ended: exit 137 (SIGKILL) (CCB_STOPPED)'],
  ['back', {}, 'stopped: the container was removed'],
])('%s %j is a move', async (action, more, move) => {
  const { tell, moves, whenSettled } = watched(running);
  tell(action, more);
  await whenSettled;
  expect(moves).toEqual([move]);
});

test('a container that goes on is running only where its agent is connected', async () => {
  const { tell, moves, whenSettled } = watched(running, false);
  tell('unpause');
  await whenSettled;
  expect(moves).toEqual(['unconnected']);
});

test('commands that wait for it make its end an absence', () => {
  const { tell, scene, moves } = watched(exited);
  scene.waitedFor = true;
  tell('destroy');
  tell('start');
  expect(moves).toEqual(['unreachable: the container was removed']);
});

test('what this handle does itself, and what runs beside the agent, is no move; nor is anything after the end', async () => {
  const { watch, tell, scene, moves, unwatch } = watched(exited);
  tell('exec_die', { exitCode: 1 });
  scene.moving = true;
  tell('destroy');
  tell('start');
  scene.moving = false;
  watch.end();
  tell('pause');
  expect(moves).toEqual([]);
  expect(unwatch).toHaveBeenCalledOnce();
});

test('a die that is told late, of a container that runs again, is no end', async () => {
  const { tell, moves } = watched(running);
  tell('die', { exitCode: 0 });
  await new Promise(setImmediate);
  expect(moves).toEqual([]);
});

test('a start that is told late, of a container that ended since, is not followed', async () => {
  const { tell, moves } = watched(exited);
  tell('start');
  await new Promise(setImmediate);
  expect(moves).toEqual([]);
});
