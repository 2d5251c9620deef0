import { execFileSync } from 'node:child_process';
import { createRegistry, type InstanceInterface, parseRecord } from '@ccb/instance-interface';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sshBackend } from './own-backend/src/index.ts';

describe("a stranger's backend, on real processes", () => {
  const registry = createRegistry([sshBackend]);
  let instance: InstanceInterface;

  beforeEach(async () => {
    instance = await registry.create(registry.parseSpec({ type: 'ssh', name: 'work', argv: ['sh', '-c'] }));
  });
  afterEach(() => instance[Symbol.asyncDispose]());

  test('echoes', async () => {
    await expect(instance.sendCommandAndWait('echo hello')).resolves.toMatchObject({
      success: true,
      status: 'completed',
      output: 'hello\n',
      outputBytes: 6,
      exitCode: 0,
      completedBy: 'exit',
      inferred: false,
    });
  });

  test('reports exit status 3 with the output that came before', async () => {
    await expect(instance.sendCommandAndWait('echo oops; exit 3')).resolves.toMatchObject({
      success: false,
      status: 'failed',
      output: 'oops\n',
      exitCode: 3,
      error: { code: 'CCB_COMMAND_FAILED', message: 'exit status 3' },
    });
  });

  test('interrupts a program that sleeps, and the next command runs', async () => {
    const stream = instance.sendCommand('echo $$; exec sleep 60');
    const reader = stream.text({ cancelOnReturn: false })[Symbol.asyncIterator]();
    const { value } = await reader.next();
    await expect(instance.interrupt()).resolves.toBe(true);
    await expect(stream.result).resolves.toMatchObject({ status: 'cancelled', completedBy: 'cancel' });
    expect(isAlive(Number(value))).toBe(false);
    await expect(instance.sendCommandAndWait('echo next')).resolves.toMatchObject({ output: 'next\n' });
  });

  test('leaving the loop ends the program', async () => {
    const stream = instance.sendCommand('echo $$; exec sleep 60');
    let pid = 0;
    for await (const text of stream) {
      pid = Number(text);
      break;
    }
    await expect(stream.result).resolves.toMatchObject({ status: 'cancelled' });
    expect(isAlive(pid)).toBe(false);
  });

  test('a deadline ends the program', async () => {
    await expect(instance.sendCommandAndWait('exec sleep 60', { timeoutMs: 100 })).resolves.toMatchObject({
      status: 'timeout',
      completedBy: 'deadline',
    });
  });

  test('streams 1 MB whole, to a fast reader and to a slow one', async () => {
    const command = 'head -c 1000000 /dev/zero | tr "\\0" x';
    await expect(instance.sendCommandAndWait(command)).resolves.toMatchObject({ outputBytes: 1_000_000 });
    let bytes = 0;
    for await (const text of instance.sendCommand(`${command}; ${command}; ${command}`)) {
      bytes += text.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(bytes).toBe(3_000_000);
  });

  test('cleanup ends the program that runs', async () => {
    const stream = instance.sendCommand('echo $$; exec sleep 60');
    const reader = stream.text({ cancelOnReturn: false })[Symbol.asyncIterator]();
    const { value } = await reader.next();
    await instance.cleanup();
    await expect(stream.result).rejects.toMatchObject({ code: 'CCB_CLOSED' });
    expect(isAlive(Number(value))).toBe(false);
  });

  test('its record, persisted and read back, opens it again', async () => {
    const again = await registry.open(parseRecord(JSON.parse(JSON.stringify(instance.record))));
    expect(await again.sendCommandAndWait('echo again')).toMatchObject({ output: 'again\n' });
    await again[Symbol.asyncDispose]();
    expect(again.state).toBe('closed');
  });
});

/** A zombie is not alive. */
function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) throw new Error(`${pid} is no process id`);
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z');
  } catch {
    return false;
  }
}
