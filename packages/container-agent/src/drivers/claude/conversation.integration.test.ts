import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { faked, started } from './testing/fake-claude.ts';

describe('a conversation with Claude Code', () => {
  it('takes one prompt after the other, and remembers', async () => {
    await using claude = faked();
    await started(claude);
    expect(claude.driver.pid).toBe(claude.spawns[0]);
    expect(claude.driver.version).toMatch(/^2\.\d+\.\d+/);
    const first = await claude.run('hello');
    expect(first.stdout.toString()).toBe('echo: hello');
    expect(first.end).toMatchObject({ success: true, completedBy: 'program', stopReason: 'end_turn' });
    expect((await claude.run('recall')).stdout.toString()).toContain('hello');
    expect(claude.spawns).toHaveLength(1);
  });

  it.each([
    ['every kind of character', 'naïve 漢字 😀 \u{10ffff}\r\n\ttab "quotes" \\ \x1b[0m é'],
    ['a megabyte', `${'0123456789abcdef'.repeat(65_536)}é`],
  ])('is exact with %s', async (_, text) => {
    await using claude = faked();
    await started(claude);
    const answer = await claude.run(`say: ${text}`);
    expect(answer.stdout.equals(Buffer.from(text))).toBe(true);
  });

  it('is exact when each line comes in pieces, cut inside characters', async () => {
    await using claude = faked();
    await started(claude);
    expect((await claude.run('fault: split-writes say: 漢字 😀 é')).stdout.toString()).toBe('漢字 😀 é');
  });

  it('keeps stderr apart, and loses no byte of it that is not UTF-8', async () => {
    await using claude = faked();
    await started(claude);
    const answer = await claude.run('fault: stderr-noise say: clean');
    expect(answer.stdout.toString()).toBe('clean');
    expect(answer.stderr.includes(Buffer.from([0xff, 0xfe, 0x80, 0x0a]))).toBe(true);
    expect(answer.end.success).toBe(true);
  });

  it('goes on over garbage, of which it tells the log once', async () => {
    await using claude = faked();
    await started(claude);
    for (const text of ['one', 'two']) {
      expect((await claude.run(`fault: garbage say: ${text}`)).stdout.toString()).toBe(text);
    }
    expect(claude.logged.filter((event) => event === 'claude.garbage')).toHaveLength(1);
  });

  it.each(['late-chunk', 'duplicate-result'])('lets nothing of a turn into the next one: %s', async (fault) => {
    await using claude = faked();
    await started(claude);
    for (let round = 0; round < 20; round += 1) {
      const prompt = `say: turn ${round}`;
      const answer = await claude.run(round % 2 === 0 ? `fault: ${fault} ${prompt}` : prompt);
      expect(answer.stdout.toString()).toBe(`turn ${round}`);
      expect(answer.end.success).toBe(true);
      expect(answer.late).toEqual({ stdout: '', stderr: '' });
    }
  });

  it('reports a model that fails', async () => {
    await using claude = faked();
    await started(claude);
    expect((await claude.run('error: 400')).end).toMatchObject({ success: false, completedBy: 'program' });
    expect((await claude.run('say: well again')).end.success).toBe(true);
  });

  it('puts a question to whoever may decide, and hands back the answer', async () => {
    await using claude = faked({ args: [] });
    await started(claude);
    const titles: (string | undefined)[] = [];
    const asked = (answer: 'allow_once' | 'reject_once') =>
      claude.run('ask', {
        onAsk: ({ toolCall }) => {
          titles.push(toolCall.title);
          return answer;
        },
      });
    expect((await asked('reject_once')).stdout.toString()).toContain('denied');
    expect((await asked('allow_once')).stdout.toString()).toContain('allowed');
    expect(titles).toEqual([expect.stringContaining('ccb-asked'), expect.stringContaining('ccb-asked')]);
  });

  it('follows to the conversation that /clear begins', async () => {
    await using claude = faked();
    await started(claude);
    const sessionId = (): string =>
      (JSON.parse(readFileSync(join(claude.context.memory, 'session.json'), 'utf8')) as { sessionId: string })
        .sessionId;
    await claude.run('say: before');
    const before = sessionId();
    expect((await claude.run('/clear')).end.success).toBe(true);
    expect(sessionId()).not.toBe(before);
    expect((await claude.run('recall')).stdout.toString()).not.toContain('before');
  });

  it('takes a leading space for what it is: no slash command', async () => {
    await using claude = faked();
    await started(claude);
    expect((await claude.run(' /clear')).stdout.toString()).toBe('echo:  /clear');
  });

  it('reads no further while it is paused', async () => {
    await using claude = faked();
    await started(claude);
    claude.driver.pause();
    let bytes = 0;
    const running = claude.run('big: 4000000', {
      onWrite: (_stream, text) => {
        bytes += text.length;
      },
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(bytes).toBe(0);
    claude.driver.resume();
    expect((await running).stdout).toHaveLength(4_000_000);
  });
});
