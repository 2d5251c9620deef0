import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Faked, faked, started } from './testing/fake-claude.ts';

/** ms that an interrupted turn may take to end. */
const SOON_MS = 5_000;

async function expectCancelled(claude: Faked, running: ReturnType<Faked['run']>): Promise<void> {
  const began = performance.now();
  claude.driver.interrupt();
  const { end } = await running;
  expect(performance.now() - began).toBeLessThan(SOON_MS);
  expect(end).toMatchObject({ success: false, stopReason: 'cancelled' });
}

async function expectWell(claude: Faked, text: string): Promise<void> {
  const answer = await claude.run(`say: ${text}`);
  expect(answer.stdout.toString()).toBe(text);
  expect(answer.end.success).toBe(true);
}

describe('an interrupt', () => {
  it('ends a command that was not written yet: Claude Code never sees it', async () => {
    await using claude = faked();
    await started(claude);
    const running = claude.run('say: never');
    await expectCancelled(claude, running);
    expect((await running).stdout).toHaveLength(0);
    expect((await claude.run('recall')).stdout.toString()).not.toContain('never');
  });

  it.each([false, true])(
    'is not lost at any moment of a turn, and never hits the next one (early ones without effect: %s)',
    async (lossy) => {
      await using claude = faked({ env: lossy ? { FAKE_CLAUDE_FAULTS: 'early-interrupt-lost' } : {} });
      await started(claude);
      for (const waitMs of [0, 0, 0, 1, 2, 3, 5, 8, 13, 21, 50, 110, 205, 290, 300, 305, 310, 320, 350, 500]) {
        const running = claude.run('slow: 3');
        if (waitMs === 0) await Promise.resolve();
        else await delay(waitMs);
        const began = performance.now();
        claude.driver.interrupt();
        const answer = await running;
        expect(performance.now() - began).toBeLessThan(SOON_MS);
        expect('w0 w1 w2 '.startsWith(answer.stdout.toString())).toBe(true);
        await expectWell(claude, `after ${waitMs}`);
        expect(answer.late.stdout).toBe('');
      }
      expect(claude.spawns).toHaveLength(1);
    },
  );

  it('ends the turn though nothing comes from the model', async () => {
    await using claude = faked();
    await started(claude);
    let begun = (): void => {};
    const text = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const running = claude.run('hang', { onWrite: begun });
    await text;
    await expectCancelled(claude, running);
    await expectWell(claude, 'again');
  });

  it('ends a turn that waits for a permission, and its answer comes too late', async () => {
    await using claude = faked({ args: [] });
    await started(claude);
    let answer: (kind: 'allow_once') => void = () => {};
    let asked = (): void => {};
    const question = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const running = claude.run('ask', {
      onAsk: () => {
        asked();
        return new Promise((resolve) => {
          answer = resolve;
        });
      },
    });
    await question;
    await expectCancelled(claude, running);
    answer('allow_once');
    await expectWell(claude, 'not allowed');
    expect(existsSync(join(claude.workspace, 'ccb-asked'))).toBe(false);
  });

  it('ends a turn whose tool runs', async () => {
    await using claude = faked();
    await started(claude);
    const running = claude.run(`bash: echo $$ > running; exec sleep 60`);
    while (!existsSync(join(claude.workspace, 'running'))) await delay(20);
    await expectCancelled(claude, running);
    await expectWell(claude, 'again');
  });

  it('does nothing when idle, and leaves nothing behind', async () => {
    await using claude = faked();
    await started(claude);
    claude.driver.interrupt();
    await expectWell(claude, 'one');
    claude.driver.interrupt();
    claude.driver.interrupt();
    await expectWell(claude, 'two');
  });

  it('is waited for: one that is answered late does not hit the next command', async () => {
    await using claude = faked({ env: { FAKE_CLAUDE_FAULTS: 'slow-interrupt' } });
    await started(claude);
    const running = claude.run('slow: 5');
    await delay(200);
    claude.driver.interrupt();
    await running;
    await expectWell(claude, 'not hit');
  });
});
