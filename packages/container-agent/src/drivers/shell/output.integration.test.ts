import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { numbers } from '../testing/interrupts.ts';
import { runBesideNoise } from '../testing/noise.ts';
import { type Subject, subject } from '../testing/recorder.ts';
import { createShellDriver } from './shell-driver.ts';

it('keeps 30 outputs exact beside a background child that never stops writing', async () => {
  expect(await runBesideNoise({ count: 30, seed: 30 })).toEqual({ count: 30, violations: [] });
});

describe('the output of a shell', () => {
  let shell: Subject;
  beforeAll(async () => {
    shell = subject(createShellDriver);
    await shell.driver.start(AbortSignal.timeout(10_000));
  });
  afterAll(() => shell[Symbol.asyncDispose]());

  it('ends with the command though a child floods it, and goes on as that command late', async () => {
    const flood = await shell.run('yes & sleep 0.02; echo over >&2');
    expect(flood.stderr.toString()).toBe('over\n');
    await flood.whenLate('y\ny\n');
    expect((await shell.run('kill %1; echo next')).stdout.toString()).toBe('next\n');
  });

  it('that comes after the end belongs to its own command, to the last byte', async () => {
    const first = await shell.run("(sleep 0.05; printf 'late é'; printf x >&2; printf '\\xc3') & echo now");
    const second = await shell.run('(sleep 0.02; echo second late) & echo second');
    expect([first.stdout.toString(), second.stdout.toString()]).toEqual(['now\n', 'second\n']);
    await Promise.all([first.whenLate('\ufffd'), second.whenLate('second late')]);
    expect(first.late).toEqual({ stdout: 'late é\ufffd', stderr: 'x' });
    expect(second.late).toEqual({ stdout: 'second late\n', stderr: '' });
  });

  it('is whole and in order when it is held back again and again, 50 MB of it', async () => {
    const line = '0123456789abcdef'.repeat(64).slice(0, 1_023);
    const hash = createHash('sha256');
    let bytes = 0;
    let pieces = 0;
    const pauses: Promise<void>[] = [];
    const answer = await shell.run(`yes ${line} | head -c 50000000`, {
      discard: true,
      onWrite: (_stream, text) => {
        hash.update(text);
        bytes += text.length;
        pieces += 1;
        if (pieces % 100 !== 0) return;
        shell.driver.pause();
        const heldAt = bytes;
        pauses.push(
          delay(2).then(() => {
            // Nothing comes while it is paused, but what the end drains.
            expect(bytes === heldAt || bytes === 50_000_000).toBe(true);
            shell.driver.resume();
          }),
        );
      },
    });
    await Promise.all(pauses);
    expect(answer.end.success).toBe(true);
    expect(bytes).toBe(50_000_000);
    const expected = `${line}\n`.repeat(Math.ceil(50_000_000 / 1_024)).slice(0, 50_000_000);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(expected).digest('hex'));
    expect(pauses.length).toBeGreaterThan(2);
  });

  it('blocks the program while it is held back, and its end waits for nothing more than a pipe', async () => {
    shell.driver.pause();
    let bytes = 0;
    const blocked = shell.run('head -c 1000000 /dev/zero; echo done >&2', {
      discard: true,
      onWrite: (_stream, text) => (bytes += text.length),
    });
    expect(await Promise.race([blocked, delay(100).then(() => 'blocked')])).toBe('blocked');
    expect(bytes).toBe(0);
    shell.driver.resume();
    await blocked;
    expect(bytes).toBe(1_000_005);
    shell.driver.pause();
    const small = await shell.run('head -c 60000 /dev/zero; echo x >&2');
    expect([small.stdout.length, small.stderr.toString()]).toEqual([60_000, 'x\n']);
    shell.driver.resume();
  });

  it('holds back late output too', async () => {
    const first = await shell.run('(sleep 0.03; echo late; echo ended) & :');
    shell.driver.pause();
    await shell.run('sleep 0.1');
    expect(first.late.stdout).toBe('');
    shell.driver.resume();
    await first.whenLate('ended');
  });

  it('needs no newline: 10 MB in one line, in pieces that fit a frame', async () => {
    let largest = 0;
    const answer = await shell.run("head -c 10000000 /dev/zero | tr '\\0' x", {
      onWrite: (_stream, text) => {
        largest = Math.max(largest, text.length);
      },
    });
    expect(answer.stdout.equals(Buffer.alloc(10_000_000, 'x'))).toBe(true);
    expect(largest).toBeLessThanOrEqual(60 * 1_024);
  });

  it('survives bytes that are not UTF-8, in both streams', async () => {
    const answer = await shell.run('head -c 300000 /dev/urandom | tee copy; cat copy >&2; rm copy');
    expect(answer.stdout).toHaveLength(300_000);
    expect(answer.stdout.equals(answer.stderr)).toBe(true);
  });

  it('comes from a command of 1 MB', async () => {
    const text = Array.from({ length: 100_000 }, (_, index) => `x=${index}\n`).join('');
    expect((await shell.run(`${text}: '${'é'.repeat(100_000)}'\necho $x`)).stdout.toString()).toBe('99999\n');
  });

  it('of both streams in one is in exact order', async () => {
    const answer = await shell.run('for i in {1..2000}; do echo $i; echo $i >&2; done', { stderr: 'merge' });
    expect(answer.stdout.toString()).toBe(numbers(2_000).replace(/\d+\n/g, '$&$&'));
    expect(answer.stderr).toHaveLength(0);
  });
});
