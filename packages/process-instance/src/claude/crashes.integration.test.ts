import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeClaude, longTool, whenToolRuns } from '../testing/claude.ts';
import { Reading, read } from '../testing/reading.ts';

const words = (count: number): string => Array.from({ length: count }, (_, i) => `w${i} `).join('');

describeClaude('a death', (claude) => {
  test('of Claude Code in its first turn fails that command; the conversation goes on, and it is told', async () => {
    await using box = await claude.create('box');
    const reading = new Reading(box.sendCommand('slow: 100'));
    await reading.when(({ text }) => text.includes('w1 '));
    const { pid } = (await box.getInfo()).program;
    process.kill(pid as number, 'SIGKILL');
    await reading.done;
    expect(await reading.stream.result).toMatchObject({
      success: false,
      status: 'failed',
      completedBy: 'exit',
      error: { code: 'CCB_PROGRAM_EXITED', message: expect.stringContaining('SIGKILL') },
    });
    const next = await read(box.sendCommand('recall'));
    expect(next.text).toBe('slow: 100\n');
    expect(next.statuses('restarted')).toHaveLength(1);
    const again = await read(box.sendCommand('recall'));
    expect(again.text).toBe('slow: 100\nrecall\n');
    expect(again.statuses('restarted')).toEqual([]);
    expect((await box.getInfo()).program.pid).not.toBe(pid);
  });

  test('of Claude Code while a tool runs leaves no tool', async () => {
    await using box = await claude.create('box', { permission: 'allow' });
    const path = join(claude.sandbox.workspace, 'orphan');
    const reading = new Reading(box.sendCommand(longTool('orphan')));
    const tool = await whenToolRuns(path);
    expect(claude.processes(box)).toContain(tool);
    process.kill((await box.getInfo()).program.pid as number, 'SIGKILL');
    await reading.done;
    expect(await reading.stream.result).toMatchObject({ error: { code: 'CCB_PROGRAM_EXITED' } });
    await expect.poll(() => claude.processes(box), { timeout: 1_000, interval: 10 }).toEqual([]);
    expect(await box.sendCommandAndWait('say: on')).toMatchObject({ output: 'on' });
    rmSync(path);
  });

  test('of the agent ends the command as lost, takes Claude Code and its tool along, and the conversation goes on', async () => {
    await using box = await claude.create('box', { permission: 'allow' });
    await box.sendCommandAndWait('say: before');
    const path = join(claude.sandbox.workspace, 'lost');
    const reading = new Reading(box.sendCommand(longTool('lost')));
    await whenToolRuns(path);
    const before = claude.processes(box);
    process.kill(claude.sandbox.agent('box'), 'SIGKILL');
    await reading.done;
    expect(await reading.stream.result).toMatchObject({ success: false, error: { code: 'CCB_AGENT_LOST' } });
    const { output } = await box.sendCommandAndWait('recall');
    expect(output).toMatch(/^say: before\n/);
    const { pid } = (await box.getInfo()).program;
    expect(claude.processes(box)).toEqual([pid]);
    expect(before).not.toContain(pid);
    rmSync(path);
  });

  test('of the host leaves the command running: another host gets all of it, and the rest after any event', async () => {
    const host = await claude.sandbox.host('box', 'slow: 15', {
      program: 'claude-host-program.ts',
      spec: { program: 'claude', env: claude.env },
    });
    const agent = claude.sandbox.agent('box');
    host.child.kill('SIGKILL');
    expect(await host.exit).toEqual([null, 'SIGKILL']);

    const box = await claude.open(host.record);
    expect((await box.getInfo()).command).toMatchObject({ id: 'asked' });
    const whole = await read(box.resumeCommand('asked'));
    expect(whole.text).toBe(words(15));
    expect(await whole.stream.result).toMatchObject({ success: true });
    const { cursor } = whole.of('text')[3] as { readonly cursor: string };
    const rest = await read(box.resumeCommand('asked', { after: cursor }));
    expect(rest.events).toEqual(whole.events.slice(whole.events.findIndex((event) => event.cursor === cursor) + 1));
    expect(await box.sendCommandAndWait('recall')).toMatchObject({ output: 'slow: 15\n' });
    expect(claude.sandbox.agent('box')).toBe(agent);
    await box.cleanup({ remove: true });
  });
});
