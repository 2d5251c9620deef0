import { describe, expect, it } from 'vitest';
import { Interrupting } from './interrupting.ts';

function program(): { readonly interrupting: Interrupting; readonly asked: (() => void)[]; answer(): Promise<void> } {
  const asked: (() => void)[] = [];
  const open: (() => void)[] = [];
  const interrupting = new Interrupting(
    () =>
      new Promise<void>((resolve) => {
        asked.push(resolve);
        open.push(resolve);
      }),
  );
  const answer = async (): Promise<void> => {
    open.shift()?.();
    await Promise.resolve();
    await Promise.resolve();
  };
  return { interrupting, asked, answer };
}

describe('Interrupting', () => {
  it('asks once, however often it is wanted', () => {
    const { interrupting, asked } = program();
    interrupting.request();
    interrupting.request();
    interrupting.progress();
    expect(asked).toHaveLength(1);
  });

  it('asks again when the turn goes on after the answer, until it has ended', async () => {
    const { interrupting, asked, answer } = program();
    interrupting.request();
    await answer();
    interrupting.progress();
    expect(asked).toHaveLength(2);
    await answer();
    interrupting.over();
    interrupting.progress();
    expect(asked).toHaveLength(2);
  });

  it('does nothing of itself', () => {
    const { interrupting, asked } = program();
    interrupting.progress();
    expect(asked).toHaveLength(0);
    expect(interrupting.isOpen).toBe(false);
  });

  it('tells when none is on its way, also where the program refused', async () => {
    const { interrupting, answer } = program();
    await interrupting.settled();
    interrupting.request();
    interrupting.over();
    expect(interrupting.isOpen).toBe(true);
    const settled = interrupting.settled();
    await answer();
    await settled;
    expect(interrupting.isOpen).toBe(false);
    const refusing = new Interrupting(() => Promise.reject(new Error('gone')));
    refusing.request();
    await refusing.settled();
    expect(refusing.isOpen).toBe(false);
  });
});
