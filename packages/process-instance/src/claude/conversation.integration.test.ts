import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeClaude } from '../testing/claude.ts';
import { Reading, read } from '../testing/reading.ts';

describeClaude('a conversation', (claude) => {
  const box = claude.shared();

  test('is answered, remembered, and told by which version', async () => {
    expect(await box().sendCommandAndWait('say: one')).toMatchObject({
      success: true,
      output: 'one',
      stopReason: 'end_turn',
      completedBy: 'program',
      inferred: false,
      usage: { inputTokens: expect.any(Number), outputTokens: expect.any(Number) },
    });
    expect(await box().sendCommandAndWait('recall')).toMatchObject({ output: 'say: one\n' });
    const { state, program } = await box().getInfo();
    expect({ state, program }).toEqual({
      state: 'running',
      program: { name: 'claude', version: claude.version, pid: expect.any(Number) },
    });
    expect(claude.processes(box())).toContain(program.pid);
  });

  test('streams: the first piece is there while the command runs, and the others come one by one', async () => {
    const stream = box().sendCommand('slow: 10');
    const reading = new Reading(stream);
    await reading.when(({ text }) => text !== '');
    expect((await box().getInfo()).command).toMatchObject({ id: stream.id });
    const early = reading.of('text').length;
    await reading.done;
    expect(reading.text).toBe('w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 ');
    expect(reading.of('text').length - early).toBeGreaterThanOrEqual(4);
    expect(reading.events.at(-1)).toMatchObject({ type: 'end', result: { success: true } });
  });

  test('tells thoughts apart from the answer', async () => {
    const reading = await read(box().sendCommand('think: first this, then that'));
    expect(
      reading
        .of('thought')
        .map(({ text }) => text)
        .join(''),
    ).toBe('first this, then that');
    expect(reading.text).toBe('thought');
  });

  test('tells what a tool is called with, and what it gave back', async () => {
    const reading = await read(box().sendCommand('bash: echo hello', { permission: 'allow' }));
    expect(reading.text).toBe('tool said: hello');
    const [call, ...updates] = [...reading.of('tool_call'), ...reading.of('tool_call_update')];
    const told = Object.assign({}, call, ...updates.map((update) => JSON.parse(JSON.stringify(update))));
    expect(updates.every(({ toolCallId }) => toolCallId === call?.toolCallId)).toBe(true);
    expect(told).toMatchObject({
      title: 'Bash: echo hello',
      kind: 'execute',
      status: 'completed',
      rawInput: { command: 'echo hello' },
      rawOutput: { stdout: 'hello' },
    });
    const failed = await read(box().sendCommand('bash: cat /nowhere/at-all', { permission: 'allow' }));
    expect(failed.text).toMatch(/^tool failed: /);
    expect(failed.of('tool_call_update').at(-1)).toMatchObject({ status: 'failed' });
    expect(await failed.stream.result).toMatchObject({ success: true });
  });

  test.each([
    ['every kind of character', 'naïve 漢字 😀 \u{10ffff}\r\n\ttab "quotes" \\ \x1b[0m e\u0301\r\n\r\n end '],
    ['a megabyte', `${'0123456789abcde\n'.repeat(65_536)}é`],
  ])('is exact with %s', async (_, text) => {
    const { output } = await box().sendCommandAndWait(`say: ${text}`);
    // Not by toBe: a megabyte is no message.
    expect(output.length).toBe(text.length);
    expect(output === text).toBe(true);
  });

  test('has its own commands, which a leading space keeps from being ones', async () => {
    const cost = await box().sendCommandAndWait('/cost');
    expect(cost).toMatchObject({ success: true, output: expect.stringMatching(/cost/i) });
    expect(await box().sendCommandAndWait('say: before')).toMatchObject({ output: 'before' });
    expect(await box().sendCommandAndWait(' /clear')).toMatchObject({ output: 'echo:  /clear' });
    expect((await box().sendCommandAndWait('recall')).output).toMatch(/say: before\n \/clear\n$/);
    expect(await box().sendCommandAndWait('/clear')).toMatchObject({ success: true, output: '' });
    expect(await box().sendCommandAndWait('recall')).toMatchObject({ success: true, output: '' });
  });

  test('is not disturbed by a command that does not exist: older versions say so, newer ones ask the model', async () => {
    const { output } = await box().sendCommandAndWait('/nosuchcommand');
    expect(output).toMatch(
      claude.version === '2.1.197' ? /^Unknown (slash )?command: \/nosuchcommand/ : /^echo: \/nosuch/,
    );
    expect(await box().sendCommandAndWait('say: on')).toMatchObject({ output: 'on' });
  });

  test('goes on after a stop, and after another one has opened it', async () => {
    await using first = await claude.create('box');
    await first.sendCommandAndWait('say: one');
    await first.stop();
    expect(claude.processes(first)).toEqual([]);
    expect(await first.sendCommandAndWait('recall')).toMatchObject({ output: 'say: one\n' });
    const { pid } = (await first.getInfo()).program;
    await first.detach();
    await using second = await claude.open(first.record);
    expect(await second.sendCommandAndWait('recall')).toMatchObject({ output: 'say: one\nrecall\n' });
    expect((await second.getInfo()).program.pid).toBe(pid);
    await second.stop();
    await second.detach();
    const third = await claude.open(first.record);
    expect(await third.sendCommandAndWait('recall')).toMatchObject({ output: 'say: one\nrecall\nrecall\n' });
    await third.cleanup({ remove: true });
  });

  test('that was deleted is said to be lost, once; then a new one begins', async () => {
    await using lost = await claude.create('lost');
    await lost.sendCommandAndWait('say: one');
    await lost.stop();
    const { home } = claude.sandbox.layout('lost');
    rmSync(join(home, '.claude', 'projects'), { recursive: true });
    await expect(lost.sendCommandAndWait('say: two')).rejects.toMatchObject({
      code: 'CCB_SESSION_LOST',
      message: expect.stringContaining('The next command begins a new conversation'),
    });
    expect(await lost.sendCommandAndWait('recall')).toMatchObject({ success: true, output: '' });
    expect(await lost.sendCommandAndWait('recall')).toMatchObject({ success: true, output: 'recall\n' });
  });
});
