import { readFileSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DockerContainer } from '../docker-container.ts';
import { docker, Sandbox } from '../testing/sandbox.ts';

const network = `ccb-test-info-${process.pid}`;
const MB = 1024 * 1024;

describe('one instance', () => {
  let sandbox: Sandbox;
  let box: DockerContainer;

  beforeAll(async () => {
    sandbox = await Sandbox.make();
    box = await sandbox.create('info', {
      network,
      networkAliases: ['friend'],
      ports: [{ container: 8080 }],
      extraHosts: { machine: 'host-gateway', far: '10.1.2.3' },
      limits: { memoryBytes: 256 * MB, cpus: 1, pids: 100 },
      env: { TOKEN: 'info-secret' },
    });
    await box.sendCommandAndWait('sleep 300 & echo begun; echo to stderr >&2');
  });
  afterAll(async () => {
    await box.cleanup({ remove: true });
    await sandbox[Symbol.asyncDispose]();
  });

  test('getInfo says everything that the engine and the agent know', async () => {
    const info = await box.getInfo();
    expect(info).toMatchObject({
      name: 'info',
      type: 'docker',
      state: 'running',
      createdAt: box.record.createdAt,
      queued: 0,
      transport: 'fifo',
      agentVersion: expect.stringMatching(/^\d+\.\d+\.\d+/),
      holder: { pid: process.pid },
      program: { name: 'shell' },
      container: {
        id: expect.stringMatching(/^[0-9a-f]{64}$/),
        name: 'ccb-info',
        image: sandbox.image,
        status: 'running',
        oomKilled: false,
        restartCount: 0,
        ports: [{ container: 8080, hostIp: '127.0.0.1', host: expect.any(Number), protocol: 'tcp' }],
        networks: { [network]: { address: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/) } },
        labels: { 'ccb.name': 'info', 'ccb.directory': sandbox.layout('info').directory },
        limits: { memoryBytes: 256 * MB, cpus: 1, pids: 100 },
      },
    });
    expect(info.pingMs).toBeGreaterThan(0);
    const { container } = info;
    expect(container?.usage).toBeUndefined();
    expect(container?.exitCode).toBeUndefined();
    expect(Date.parse(container?.startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(container?.createdAt ?? ''));
    const volumes = Object.fromEntries((container?.volumes ?? []).map((each) => [each.target, each]));
    expect(volumes['/ccb/pipes']).toMatchObject({ source: sandbox.layout('info').pipesDirectory, readOnly: true });
    expect(volumes['/workspace']).toMatchObject({ source: sandbox.workspace, readOnly: false });
    expect(JSON.stringify(info)).not.toContain('info-secret');
  });

  test('the pid is the number that this machine has for the program', async () => {
    const { program } = await box.getInfo();
    expect(readFileSync(`/proc/${program.pid}/comm`, 'utf8')).toBe('bash\n');
    const id = await docker('inspect', '--format', '{{.State.Pid}}', 'ccb-info');
    expect(readlinkSync(`/proc/${program.pid}/ns/pid`)).toBe(readlinkSync(`/proc/${id}/ns/pid`));
  });

  test('what it uses is said when it is asked for', async () => {
    const { container } = await box.getInfo({ usage: true });
    expect(container?.usage?.memoryBytes).toBeGreaterThan(MB);
    expect(container?.usage?.pids).toBeGreaterThan(2);
    expect(container?.usage?.cpuPercent).toBeGreaterThanOrEqual(0);
  });

  test('the running command is named', async () => {
    const stream = box.sendCommand('echo one; sleep 300', { id: 'long' });
    for await (const _ of stream.text({ cancelOnReturn: false })) break;
    const behind = box.sendCommand('echo two');
    expect(await box.getInfo()).toMatchObject({ command: { id: 'long', startedAt: expect.any(String) }, queued: 1 });
    expect(await box.isRunning()).toBe(true);
    expect(await box.interrupt()).toBe(true);
    expect(await stream.result).toMatchObject({ status: 'cancelled' });
    expect(await behind.result).toMatchObject({ success: true });
  });

  test('exec runs a program beside the agent, with input, status and both streams', async () => {
    expect(await box.exec(['sh', '-c', 'cat; echo no >&2; exit 3'], { input: 'given' })).toEqual({
      exitCode: 3,
      stdout: 'given',
      stderr: 'no\n',
    });
    await expect(box.exec(['no-such-program'])).rejects.toMatchObject({ code: 'CCB_PROGRAM_NOT_FOUND' });
    await expect(box.exec(['sleep', '60'], { timeoutMs: 200 })).rejects.toMatchObject({ code: 'CCB_TIMEOUT' });
    expect(await box.isRunning()).toBe(true);
  });

  test('its network knows the machine, the hosts that were named, and its aliases', async () => {
    const { stdout } = await box.exec(['cat', '/etc/hosts']);
    expect(stdout).toMatch(/^10\.1\.2\.3\s+far$/m);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\.\d+\s+machine$/m);
    const format = `{{range .NetworkSettings.Networks}}{{.Aliases}}{{end}}`;
    expect(await docker('inspect', '--format', format, 'ccb-info')).toContain('friend');
    const found = await docker('network', 'inspect', '--format', '{{json .Labels}}', network);
    expect(JSON.parse(found)).toMatchObject({ 'ccb.name': 'info' });
  });

  test('observed beside its holder it can be looked at, interrupted and not spoken to', async () => {
    const beside = await sandbox.open(box.record, { mode: 'observe' });
    expect(beside.state).toBe('running');
    expect(await beside.isRunning()).toBe(true);
    expect(await beside.getInfo()).toMatchObject({ holder: { pid: process.pid }, container: { name: 'ccb-info' } });
    await expect(beside.sendCommand('echo no').result).rejects.toMatchObject({ code: 'CCB_LOCKED' });
    const stream = box.sendCommand('echo begun; sleep 300');
    for await (const _ of stream.text({ cancelOnReturn: false })) break;
    expect(await beside.interrupt()).toBe(true);
    expect(await stream.result).toMatchObject({ status: 'cancelled' });
    let commands = 0;
    for await (const entry of beside.history()) if (entry.type === 'command') commands += 1;
    expect(commands).toBeGreaterThan(1);
    await beside.detach();
    expect(await box.isRunning()).toBe(true);
  });

  test('a program that is stopped by a signal is not running; one that goes on is', async () => {
    const { program } = await box.getInfo();
    process.kill(program.pid as number, 'SIGSTOP');
    // A signal to a process that sleeps is seen a moment later.
    await expect.poll(() => box.isRunning()).toBe(false);
    process.kill(program.pid as number, 'SIGCONT');
    await expect.poll(() => box.isRunning()).toBe(true);
  });
});

describe('the log of a container', () => {
  test('is read from its beginning, its end or a moment on, and followed', async () => {
    await using sandbox = await Sandbox.make();
    const name = `ccb-test-logs-${process.pid}`;
    const speak =
      'for n in 1 2 3; do echo line $n; done; echo wrong >&2; while read x < /tmp/f; do echo $x; done; sleep 60';
    await docker(
      'run',
      '-d',
      '--init',
      '--network',
      'none',
      '--name',
      name,
      sandbox.image,
      'bash',
      '-c',
      `mkfifo /tmp/f; ${speak}`,
    );
    try {
      const box = await sandbox.create('logs', {
        adopt: { container: name },
        image: undefined,
        network: undefined,
        workspace: undefined,
      });
      const read = async (options: Parameters<DockerContainer['logs']>[0]): Promise<string[]> => {
        const lines: string[] = [];
        for await (const { stream, text } of box.logs(options)) lines.push(`${stream}: ${text.trimEnd()}`);
        return lines;
      };
      const abort = new AbortController();
      const followed: string[] = [];
      const following = (async () => {
        for await (const { text } of box.logs({ follow: true, signal: abort.signal })) {
          followed.push(text.trimEnd());
          if (text === 'line 3\n') await docker('exec', name, 'sh', '-c', 'echo later > /tmp/f');
          if (text === 'later\n') abort.abort(new Error('enough'));
        }
      })();
      await expect(following).rejects.toThrow('enough');
      expect(followed).toEqual(expect.arrayContaining(['line 1', 'line 3', 'wrong', 'later']));
      expect((await read({})).sort()).toEqual([
        'stderr: wrong',
        'stdout: later',
        'stdout: line 1',
        'stdout: line 2',
        'stdout: line 3',
      ]);
      expect(await read({ tail: 1 })).toEqual(['stdout: later']);
      expect(await read({ since: new Date(Date.now() + 60_000) })).toEqual([]);
      await box.cleanup({ remove: true });
    } finally {
      await docker('rm', '--force', name);
    }
  });
});
