import type { LogEntry } from '@ccb/instance-interface';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EventHub, type EventHubOptions } from './event-hub.ts';
import type { EventSource } from './event-source.ts';
import { FakeEngine } from './testing/fake-engine.ts';
import { Gate } from './testing/gate.ts';
import { httpSource } from './testing/http-source.ts';
import { Recorder } from './testing/recorder.ts';

const A = 'a'.repeat(64);
const B = `b0b${'0'.repeat(61)}`;

let engine: FakeEngine;
let hub: EventHub;
let entries: LogEntry[];

function use(options: Partial<EventHubOptions> = {}, source: Partial<EventSource> = {}): void {
  hub = new EventHub(
    { ...httpSource(engine.socketPath), ...source },
    { log: (entry) => entries.push(entry), ...options },
  );
}

beforeEach(async () => {
  engine = await FakeEngine.start();
  engine.containers.set(A, { name: 'alpha', status: 'running' });
  engine.containers.set(B, { name: 'beta', status: 'running' });
  entries = [];
  use();
});

afterEach(async () => {
  hub.close();
  await engine[Symbol.asyncDispose]();
});

/** Watches, and is past the first reconciliation. */
async function watching(container: string): Promise<Recorder> {
  const recorder = new Recorder();
  hub.watch(container, recorder.listen);
  await recorder.until('back');
  return recorder;
}

describe('EventHub', () => {
  test('tells how the container is, and then what happens to it', async () => {
    const recorder = await watching(A);
    engine.happen(A, 'pause');
    engine.happen(B, 'pause');
    engine.happen(A, 'die', { exitCode: '3' });
    expect(await recorder.until('die')).toMatchObject({ exitCode: 3 });
    expect(recorder.actions).toEqual(['back', 'pause', 'die']);
    expect(recorder.events[0]?.inspection).toMatchObject({ id: A, state: { status: 'running' } });
  });

  test('means a container by its id, the beginning of it, or its name', async () => {
    const recorders = await Promise.all([B, 'b0b0', 'beta', '/beta'].map(watching));
    engine.happen(A, 'die');
    engine.happen(B, 'die');
    for (const recorder of recorders) {
      await recorder.until('die');
      expect(recorder.actions).toEqual(['back', 'die']);
    }
  });

  test('an id prefix that is known means no other container', async () => {
    const recorder = await watching('b0b');
    const other = `b0b${'1'.repeat(61)}`;
    engine.happen(other, 'die');
    engine.happen(B, 'pause');
    await recorder.until('pause');
    expect(recorder.actions).toEqual(['back', 'pause']);
  });

  test('a name goes on to the next container of that name', async () => {
    const recorder = await watching('beta');
    const next = 'c'.repeat(64);
    engine.happen(B, 'destroy');
    engine.containers.delete(B);
    engine.containers.set(next, { name: 'beta', status: 'created' });
    engine.happen(next, 'create');
    await recorder.until('create');
    expect(recorder.actions).toEqual(['back', 'destroy', 'create']);
  });

  test('all watchers share one stream, open from the first to the last', async () => {
    const first = new Recorder();
    const endFirst = hub.watch(A, first.listen);
    await first.until('back');
    const endSecond = hub.watch(B, new Recorder().listen);
    engine.happen(A, 'pause');
    await first.until('pause');
    expect(engine.opened.length).toBe(1);
    endFirst();
    endFirst();
    expect(engine.streams).toBe(1);
    endSecond();
    await engine.untilStreams(0);
    await watching(A);
    expect(engine.opened.length).toBe(2);
  });

  test('who joins an open stream gets what happens from then on, and nothing else', async () => {
    await watching(A);
    const late = new Recorder();
    hub.watch(A, late.listen);
    engine.happen(A, 'die');
    await late.until('die');
    expect(late.actions).toEqual(['die']);
  });

  test('nothing is told after the end of the watching', async () => {
    const first = await watching(A);
    const second = new Recorder();
    const end = hub.watch(A, second.listen);
    end();
    engine.happen(A, 'die');
    await first.until('die');
    expect(second.actions).toEqual([]);
  });

  test('splits the events in any chunks, and skips what is none', async () => {
    const recorder = await watching(A);
    const event = (action: string): string =>
      `${JSON.stringify({ Type: 'container', Action: action, Actor: { ID: A, Attributes: { ö: '€' } }, time: 1_900_000_000 })}\n`;
    for (const byte of Buffer.from(event('pause'))) engine.write(Buffer.of(byte));
    engine.write(`{"broken\n${event('unpause')}\n${event('stop')}${event('die')}`);
    await recorder.until('die');
    expect(recorder.actions).toEqual(['back', 'pause', 'unpause', 'stop', 'die']);
    expect(entries).toMatchObject([{ event: 'engine.event_malformed', said: '{"broken\n' }]);
  });

  test('misses nothing between the call and the open stream, though the engine answers before it subscribes', async () => {
    engine.happen(A, 'start');
    await new Promise((resolve) => setTimeout(resolve, 5));
    engine.beforeSubscribing = () => engine.happen(A, 'die', { exitCode: '1' });
    const recorder = new Recorder();
    hub.watch(A, recorder.listen);
    await recorder.until('die');
    await recorder.until('back');
    expect(recorder.actions.toSorted()).toEqual(['back', 'die']);
  });

  test("goes by the engine's clock, however wrong it is", async () => {
    engine.skewMs = -3_600_000;
    engine.happen(A, 'start');
    await new Promise((resolve) => setTimeout(resolve, 5));
    const recorder = await watching(A);
    engine.happen(A, 'pause');
    await recorder.until('pause');
    const before = recorder.events.length;
    await engine.stop();
    await recorder.until('lost');
    engine.happen(A, 'die');
    await engine.start();
    await recorder.until('back', before);
    expect(recorder.actions).toEqual(['back', 'pause', 'lost', 'die', 'back']);
  });

  test('without a clock it tells how the container is, and begins with now', async () => {
    hub.close();
    use({}, { now: async () => undefined });
    engine.happen(A, 'start');
    const recorder = await watching(A);
    expect(engine.opened).toEqual([null]);
    engine.happen(A, 'die');
    await recorder.until('die');
    expect(recorder.actions).toEqual(['back', 'die']);
  });

  test('an inspection is never older than an event that was told before it', async () => {
    engine.beforeInspected = () => {
      engine.beforeInspected = () => {};
      engine.containers.set(A, { name: 'alpha', status: 'exited' });
      engine.happen(A, 'die');
      return new Promise((resolve) => setTimeout(resolve, 50));
    };
    const recorder = await watching(A);
    expect(recorder.actions).toEqual(['die', 'back']);
    expect(recorder.events[1]?.inspection?.state.status).toBe('exited');
  });
});

describe('EventHub, when the stream is lost', () => {
  test('tells it at once, connects again, tells each missed event once and then how it is', async () => {
    const [recorder, second] = await Promise.all([watching(A), watching('beta')]);
    engine.happen(A, 'pause');
    await recorder.until('pause');
    engine.breakStreams();
    engine.containers.delete(A);
    engine.happen(A, 'die');
    engine.happen(A, 'destroy');
    const back = await recorder.until('back', 3);
    expect(back.inspection).toBeUndefined();
    expect((await second.until('back', 1)).inspection?.name).toBe('beta');
    expect(recorder.actions).toEqual(['back', 'pause', 'lost', 'die', 'destroy', 'back']);
    expect(second.actions).toEqual(['back', 'lost', 'back']);
    expect(entries.map(({ event }) => event)).toEqual(['engine.events_lost', 'engine.events_back']);
  });

  test('an engine that was away is found again, and `lost` is told once', async () => {
    hub.close();
    let tries = 0;
    const source = httpSource(engine.socketPath);
    const retried = new Gate();
    use(
      { reconnectMs: [0, 5] },
      {
        open: (since, signal) => {
          tries += 1;
          if (tries === 6) retried.open();
          return source.open(since, signal);
        },
      },
    );
    const recorder = await watching(A);
    await engine.stop();
    await retried.opened;
    const joined = new Recorder();
    hub.watch(A, joined.listen);
    await joined.until('lost');
    await engine.start();
    await recorder.until('back', 1);
    await joined.until('back');
    expect(recorder.actions).toEqual(['back', 'lost', 'back']);
    expect(joined.actions).toEqual(['lost', 'back']);
  });

  test('an engine that is not there at first is lost, and then back', async () => {
    await engine.stop();
    const recorder = new Recorder();
    hub.watch(A, recorder.listen);
    await recorder.until('lost');
    await engine.start();
    await recorder.until('back');
    expect(recorder.actions).toEqual(['lost', 'back']);
  });

  test('an engine that flaps is not asked without a rest', async () => {
    hub.close();
    use({ reconnectMs: [0, 0, 60_000] });
    const recorder = new Recorder();
    engine.beforeSubscribing = () => queueMicrotask(() => engine.breakStreams());
    hub.watch(A, recorder.listen);
    await recorder.until('lost');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(engine.opened.length).toBe(3);
  });

  test('an engine that is gone without a word is noticed by a ping', async () => {
    hub.close();
    const source = httpSource(engine.socketPath);
    // The deadline of 5 s, come at once.
    const alive = async (signal: AbortSignal): Promise<unknown> =>
      engine.frozen ? Promise.reject(new Error('too late')) : source.alive(signal);
    use({ pingMs: 20 }, { alive });
    const recorder = await watching(A);
    engine.frozen = true;
    await recorder.until('lost');
    engine.frozen = false;
    await recorder.until('back', 1);
    expect(recorder.actions.slice(0, 2)).toEqual(['back', 'lost']);
  });

  test('an inspection that fails is tried again', async () => {
    hub.close();
    const source = httpSource(engine.socketPath);
    let asked = 0;
    use(
      {},
      {
        inspect: (container, signal) => {
          asked += 1;
          return asked === 1 ? Promise.reject(new Error('500')) : source.inspect(container, signal);
        },
      },
    );
    expect((await watching(A)).actions).toEqual(['back']);
    expect(entries).toMatchObject([{ event: 'engine.inspect_failed', container: A }]);
  });
});

describe('EventHub, beside its watchers', () => {
  test('a listener that throws harms nobody', async () => {
    hub.watch(A, () => {
      throw new Error('mine');
    });
    const recorder = await watching(A);
    engine.happen(A, 'die');
    await recorder.until('die');
    expect(entries).toContainEqual(expect.objectContaining({ event: 'engine.listener_threw', action: 'die' }));
  });

  test('a listener may end its own watching, and others', async () => {
    const told: string[] = [];
    const second = new Recorder();
    const ends = [
      hub.watch(A, ({ action }) => {
        told.push(action);
        if (action === 'die') for (const end of ends) end();
      }),
    ];
    ends.push(hub.watch(A, second.listen));
    await second.until('back');
    engine.happen(A, 'die');
    await engine.untilStreams(0);
    expect(told).toEqual(['back', 'die']);
    expect(second.actions).toEqual(['back']);
  });

  test('close ends the stream and everything with it', async () => {
    const recorder = await watching(A);
    hub.close();
    hub.close();
    await engine.untilStreams(0);
    expect(recorder.actions).toEqual(['back']);
    expect(() => hub.watch(A, recorder.listen)).toThrow(expect.objectContaining({ code: 'CCB_CLOSED' }));
  });

  test('a watch that ends while the stream opens leaves no stream', async () => {
    for (let round = 0; round < 20; round += 1) {
      const end = hub.watch(A, new Recorder().listen);
      await new Promise((resolve) => setTimeout(resolve, round % 5));
      end();
    }
    const recorder = await watching(A);
    await engine.untilStreams(1);
    engine.happen(A, 'die');
    await recorder.until('die');
    expect(recorder.actions).toEqual(['back', 'die']);
  });

  test('a stream that comes after it was given up is destroyed', async () => {
    hub.close();
    const source = httpSource(engine.socketPath);
    const opened = new Gate();
    const held = new Gate();
    use(
      {},
      {
        open: async (since) => {
          const stream = await source.open(since, new AbortController().signal);
          opened.open();
          await held.opened;
          return stream;
        },
      },
    );
    const end = hub.watch(A, new Recorder().listen);
    await opened.opened;
    end();
    held.open();
    await engine.untilStreams(0);
  });
});
