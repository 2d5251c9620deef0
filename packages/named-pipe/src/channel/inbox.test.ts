import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Inbox } from './inbox.ts';

const inbox = (): { box: Inbox<number>; flows: boolean[] } => {
  const flows: boolean[] = [];
  return { box: new Inbox<number>((flowing) => flows.push(flowing)), flows };
};
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Inbox', () => {
  test('delivers in order to whoever comes, and to one at a time', async () => {
    const { box } = inbox();
    box.push(1, 1);
    const seen: number[] = [];
    const end = box.subscribe((message) => seen.push(message));
    box.push(2, 1);
    expect(seen).toEqual([]);
    await tick();
    box.push(3, 1);
    expect(seen).toEqual([1, 2, 3]);
    expect(() => box.messages(undefined)).toThrow(TypeError);
    end();
    box.push(4, 1);
    const reader = box.messages(undefined);
    expect(() => box.subscribe(() => {})).toThrow(TypeError);
    expect(await reader.next()).toEqual({ done: false, value: 4 });
    await reader.return?.();
    box.subscribe(() => {});
  });

  test('stops the transport above 1 MiB and lets it go on below a quarter', async () => {
    const { box, flows } = inbox();
    for (let i = 0; i < 11; i++) box.push(i, 100_000);
    expect(flows).toEqual([false]);
    const reader = box.messages(undefined);
    for (let i = 0; i < 8; i++) await reader.next();
    expect(flows).toEqual([false]);
    await reader.next();
    expect(flows).toEqual([false, true]);
  });

  test('counts what many small messages cost', () => {
    const { box, flows } = inbox();
    for (let i = 0; i < 20_000; i++) box.push(i, 1);
    expect(flows).toEqual([false]);
  });

  test('delivers nothing while paused, from inside a listener too', async () => {
    const { box, flows } = inbox();
    const seen: number[] = [];
    box.subscribe((message) => {
      seen.push(message);
      if (message % 2) box.pause();
    });
    for (let i = 1; i <= 4; i++) box.push(i, 1);
    await tick();
    expect(seen).toEqual([1]);
    box.pause();
    box.resume();
    await tick();
    expect(seen).toEqual([1, 2, 3]);
    expect(flows).toEqual([false, true, false]);
  });

  test('gives an iterator what had arrived before the end', async () => {
    const { box } = inbox();
    box.pause();
    box.push(1, 1);
    box.push(2, 1);
    box.end();
    box.push(3, 1);
    const seen: number[] = [];
    for await (const message of box.messages(undefined)) seen.push(message);
    expect(seen).toEqual([1, 2]);
    expect(await box.messages(undefined).next()).toEqual({ done: true, value: undefined });
  });

  test('ends all waiting reads at the end', async () => {
    const { box } = inbox();
    const reader = box.messages(undefined);
    const reads = [reader.next(), reader.next()];
    box.push(1, 1);
    box.end();
    expect(await Promise.all(reads)).toEqual([
      { done: false, value: 1 },
      { done: true, value: undefined },
    ]);
  });

  test('rejects one read with the reason of the signal, and frees the place', async () => {
    for (const isWaiting of [true, false]) {
      const { box } = inbox();
      const controller = new AbortController();
      const reader = box.messages(controller.signal);
      const early = isWaiting ? reader.next() : undefined;
      controller.abort(new Error('enough'));
      await expect(early ?? reader.next()).rejects.toThrow('enough');
      expect(await reader.next()).toEqual({ done: true, value: undefined });
      box.subscribe(() => {});
    }
    await expect(
      inbox()
        .box.messages(AbortSignal.abort(new Error('never')))
        .next(),
    ).rejects.toThrow('never');
  });

  test('loses and reorders nothing, whatever is called', async () => {
    const call = fc.constantFrom('push', 'push', 'push', 'pause', 'resume', 'subscribe', 'unsubscribe', 'tick');
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 60 }), async (calls) => {
        const { box } = inbox();
        const seen: number[] = [];
        let pushed = 0;
        let end: (() => void) | undefined;
        const subscribe = (): void => {
          end ??= box.subscribe((message) => seen.push(message));
        };
        for (const name of calls) {
          if (name === 'push') box.push(pushed++, 1);
          if (name === 'pause') box.pause();
          if (name === 'resume') box.resume();
          if (name === 'subscribe') subscribe();
          if (name === 'unsubscribe') end = void end?.();
          if (name === 'tick') await tick();
        }
        box.resume();
        subscribe();
        await tick();
        expect(seen).toEqual(Array.from({ length: pushed }, (_, i) => i));
      }),
    );
  });
});
