import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RealEngine, whyNoEngine } from '../stream/testing/real-engine.ts';
import { EventHub } from './event-hub.ts';
import { httpSource } from './testing/http-source.ts';
import { Recorder } from './testing/recorder.ts';

const absent = whyNoEngine();
const run = promisify(execFile);

describe.skipIf(absent !== undefined)(`events of a real engine${absent ? ` (skipped: ${absent})` : ''}`, () => {
  const engine = new RealEngine('ccb-h4-events');
  const source = httpSource('/var/run/docker.sock');
  const hub = new EventHub(source);

  beforeAll(() => engine.importImage());
  afterAll(async () => {
    hub.close();
    await engine.remove();
  });

  /** `docker ARGV`, and how long after its return the event came, ms: below 0, before it. */
  async function lag(recorder: Recorder, action: string, argv: readonly string[]): Promise<number> {
    const come = recorder.until(action, recorder.events.length).then(() => performance.now());
    await run('docker', argv);
    const returned = performance.now();
    return (await come) - returned;
  }

  test('what is done to a container is told within 100 ms of the call that did it', async () => {
    const { id, name } = await engine.startContainer();
    const recorder = new Recorder();
    const end = hub.watch(name, recorder.listen);
    expect((await recorder.until('back')).inspection).toMatchObject({ id, state: { running: true } });
    const lags: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      lags.push(await lag(recorder, 'pause', ['pause', id]));
      lags.push(await lag(recorder, 'unpause', ['unpause', name]));
      lags.push(await lag(recorder, 'die', ['kill', id]));
      lags.push(await lag(recorder, 'start', ['start', id]));
    }
    end();
    lags.sort((a, b) => a - b);
    const [p50 = Number.NaN, max = Number.NaN] = [lags[lags.length >> 1], lags.at(-1)];
    console.log(`events after the return of the docker CLI: p50 ${p50.toFixed(1)} ms, max ${max.toFixed(1)} ms`);
    expect(p50).toBeLessThan(100);
    expect(max).toBeLessThan(1_000);
    expect(recorder.events.find(({ action }) => action === 'die')).toMatchObject({ exitCode: 137 });
    expect(recorder.events.find(({ action }) => action === 'kill')).toMatchObject({ signal: '9' });
    expect(recorder.actions.filter((action) => action === 'die').length).toBe(5);
  });

  test('tells nothing of before the watching, and what comes after it', async () => {
    for (let round = 0; round < 3; round += 1) {
      const { id } = await engine.startContainer();
      const recorder = new Recorder();
      const end = hub.watch(id, recorder.listen);
      await engine.json('POST', `/containers/${id}/kill`);
      // The death may be so early that the inspection tells it.
      const back = await recorder.until('back');
      if (back.inspection?.state.running === true) await recorder.until('die');
      expect(recorder.actions).not.toContain('start');
      end();
    }
  });

  test('what was missed while there was no stream is told late, once', async () => {
    const { id } = await engine.startContainer();
    const streams: { destroy(): unknown }[] = [];
    const dying = new EventHub(
      {
        ...source,
        open: async (since, signal) => {
          const stream = await source.open(since, signal);
          streams.push(stream);
          return stream;
        },
      },
      { reconnectMs: [300] },
    );
    const recorder = new Recorder();
    dying.watch(id, recorder.listen);
    await recorder.until('back');
    await engine.json('POST', `/containers/${id}/pause`);
    await recorder.until('pause');
    streams[0]?.destroy();
    await recorder.until('lost');
    await engine.json('POST', `/containers/${id}/unpause`);
    await engine.json('POST', `/containers/${id}/kill`);
    await engine.json('POST', `/containers/${id}/start`);
    const back = await recorder.until('back', 3);
    expect(back.inspection?.state.running).toBe(true);
    // An engine tells of the signal and of the death that it brings in either order.
    const told = recorder.actions.filter((action) => action !== 'kill');
    expect(told).toEqual(['back', 'pause', 'lost', 'unpause', 'die', 'start', 'back']);
    expect(recorder.actions.length).toBe(told.length + 1);
    dying.close();
  });

  test('a container that is removed behind our back is gone', async () => {
    const { id } = await engine.startContainer();
    const recorder = new Recorder();
    const end = hub.watch(id.slice(0, 12), recorder.listen);
    await recorder.until('back');
    await run('docker', ['rm', '-f', id]);
    await recorder.until('destroy');
    expect(recorder.actions).toContain('die');
    end();
    const after = new Recorder();
    const endAfter = hub.watch(id, after.listen);
    expect((await after.until('back')).inspection).toBeUndefined();
    endAfter();
  });
});
