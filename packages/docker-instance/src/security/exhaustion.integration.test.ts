import { execFileSync, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { whyNoEngine } from '../engine/stream/testing/real-engine.ts';
import { leaksOf } from '../testing/leaks.ts';
import { docker, Sandbox } from '../testing/sandbox.ts';

const absent = whyNoEngine();
const MIB = 1024 * 1024;

describe.skipIf(absent !== undefined)(`a program that takes all it can${absent ? ` (skipped: ${absent})` : ''}`, () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.make();
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());

  const bomb = `node -e 'const kept = []; for (;;) kept.push(Buffer.alloc(${MIB}, 1))'`;

  test.concurrent('processes: a fork bomb meets its limit, and goes with the container', async () => {
    const instance = await sandbox.create('forks', { limits: { pids: 60, cpus: 0.5 } });
    const result = await instance.sendCommandAndWait('bomb() { bomb | bomb & }; bomb 2> /dev/null; sleep 1', {
      timeoutMs: 2_000,
    });
    expect(result.id).toBeTruthy();
    const top = await docker('top', 'ccb-forks', '-eo', 'pid');
    expect(top.split('\n').length).toBeLessThan(62);
    await instance.cleanup({ remove: true, timeoutMs: 20_000 });
  });

  test.concurrent('memory: the command that takes it is killed, says so, and the next one runs', async () => {
    const instance = await sandbox.create('memory', { limits: { memoryBytes: 128 * MIB } });
    expect(await instance.sendCommandAndWait(bomb, { timeoutMs: 20_000 })).toMatchObject({
      success: false,
      exitCode: 137,
    });
    expect(await instance.sendCommandAndWait('echo works', { timeoutMs: 10_000 })).toMatchObject({ output: 'works\n' });
    await instance.cleanup({ remove: true });
  });

  test.concurrent('memory: a program that has its agent killed in its place is told to have done so', async () => {
    const instance = await sandbox.create('scapegoat', { limits: { memoryBytes: 128 * MIB } });
    const blame = `for file in /proc/[0-9]*; do grep -qa agent.cjs $file/cmdline && echo 1000 > $file/oom_score_adj; done`;
    const { error } = await instance.sendCommandAndWait(`${blame}; ${bomb}`, { timeoutMs: 20_000 });
    expect(error).toMatchObject({ code: 'CCB_AGENT_LOST', message: expect.stringContaining('out of memory') });
    expect(await instance.sendCommandAndWait('echo works', { timeoutMs: 10_000 })).toMatchObject({ output: 'works\n' });
    await instance.cleanup({ remove: true });
  });

  test.concurrent('temporary files count as memory', async () => {
    const instance = await sandbox.create('tmp', { limits: { memoryBytes: 128 * MIB } });
    const fill = `head -c 200M /dev/zero > /tmp/file; echo status $?; rm -f /tmp/file`;
    const { output, error } = await instance.sendCommandAndWait(fill, { timeoutMs: 20_000 });
    expect(`${output} ${error?.message}`).toMatch(/status (137|1)|out of memory/);
    await instance.cleanup({ remove: true });
  });

  // A file system of its own that is soon full can be mounted by root alone.
  const mounting = process.getuid?.() === 0 && canMount() ? test.concurrent : test.skip;
  mounting('disk: the command that fills the state of its agent ends, and says why', async () => {
    const instance = await sandbox.create('disk', {});
    const { state } = sandbox.layout('disk');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m,mode=0700,uid=1000,gid=1000', 'ccb-test', state]);
    try {
      await instance.start();
      const fill = 'head -c 100M /dev/zero > /ccb/state/ballast; head -c 20M /dev/zero | tr "\\0" x';
      const { error } = await instance.sendCommandAndWait(fill, { timeoutMs: 20_000 });
      expect(error?.code).toBe('CCB_DISK_FULL');
      await instance.stop();
    } finally {
      execFileSync('umount', ['--lazy', state]);
    }
    await instance.cleanup({ remove: true });
  });

  test('nothing of all of them is left', async () => {
    expect(await leaksOf(sandbox)).toEqual([]);
  });
});

function canMount(): boolean {
  return spawnSync('unshare', ['--mount', 'true']).status === 0;
}
