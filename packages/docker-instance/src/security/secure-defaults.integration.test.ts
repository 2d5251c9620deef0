import { chmodSync, copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DockerSpec } from '../container/docker-spec.ts';
import { whyNoEngine } from '../engine/stream/testing/real-engine.ts';
import { docker, Sandbox } from '../testing/sandbox.ts';

const absent = whyNoEngine();
const isRoot = process.getuid?.() === 0;

describe.skipIf(absent !== undefined)(
  `a container as it is made by default${absent ? ` (skipped: ${absent})` : ''}`,
  () => {
    let sandbox: Sandbox;
    beforeAll(async () => {
      sandbox = await Sandbox.make();
    });
    afterAll(() => sandbox[Symbol.asyncDispose]());

    // biome-ignore lint/suspicious/noExplicitAny: the engine's own words
    async function inspect(name: string): Promise<any> {
      return JSON.parse(await docker('container', 'inspect', `ccb-${name}`))[0];
    }
    async function output(name: string, spec: Partial<DockerSpec>, command: string): Promise<string> {
      await using instance = await sandbox.create(name, spec);
      return (await instance.sendCommandAndWait(command, { timeoutMs: 20_000 })).output;
    }

    test('is as narrow as it can be: no capability, no way to more rights, no root, limits, a network of its own', async () => {
      await using _instance = await sandbox.create('defaults', { network: undefined });
      const { Config, HostConfig, Mounts } = await inspect('defaults');
      expect(HostConfig).toMatchObject({
        Privileged: false,
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
        ReadonlyRootfs: true,
        NetworkMode: 'bridge',
        PidMode: '',
        UTSMode: '',
        IpcMode: 'private',
        PidsLimit: 512,
        Init: true,
        PortBindings: {},
        RestartPolicy: { Name: 'no' },
      });
      // Engines say nothing in several ways.
      expect([HostConfig.CapAdd ?? [], HostConfig.Devices ?? []]).toEqual([[], []]);
      expect(HostConfig.Memory).toBeGreaterThan(0);
      expect(HostConfig.MemorySwap).toBe(HostConfig.Memory);
      expect(HostConfig.NanoCpus).toBeGreaterThan(0);
      expect(Config.User).toMatch(/^[1-9]\d*:\d+$/);
      expect(Config.Env.join(' ')).not.toMatch(/DOCKER|CCB_HOME|SSH|TOKEN|KEY/);
      const mounts = Mounts.map(({ Destination, RW }: { Destination: string; RW: boolean }) => `${Destination} ${RW}`);
      expect(mounts.sort()).toEqual([
        '/ccb/agent false',
        '/ccb/home true',
        '/ccb/pipes false',
        '/ccb/state true',
        '/workspace true',
      ]);
      const { directory, lock, record } = sandbox.layout('defaults');
      expect(Mounts.map(({ Source }: { Source: string }) => Source)).not.toContain(directory);
      expect([lock, record].every((path) => existsSync(path))).toBe(true);
    });

    test('is narrow from inside: no capability even in its bounds, seccomp, no docker socket, no device but the harmless ones', async () => {
      const said = await output(
        'inside',
        {},
        `grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status | tr -s '\\t' ' '
       ls /var/run/docker.sock /dev/mem /dev/kmsg /ccb/lock /ccb/instance.json /dev/sda /dev/vda 2>/dev/null
       touch /x /usr/x /etc/x /ccb/x 2>&1 | grep -cv 'Read-only file system'`,
      );
      const none = '0000000000000000';
      const sets = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map((set) => `${set}: ${none}`);
      expect(said.trim().split('\n')).toEqual([
        ...sets,
        'NoNewPrivs: 1',
        expect.stringMatching(/^Seccomp: [12]$/),
        '0',
      ]);
    });

    // Only root of this machine can make one.
    test.runIf(isRoot)('a setuid program gains nothing, unless that was asked for by name', async () => {
      const program = join(sandbox.workspace, 'setuid-node');
      copyFileSync(process.execPath, program);
      chmodSync(program, 0o4755);
      const whoami = `./setuid-node -p 'process.geteuid()'`;
      const [kept, loosened] = await Promise.all([
        output('setuid', {}, whoami),
        output('setuid-loose', { security: { noNewPrivileges: false } }, whoami),
      ]);
      expect([kept, loosened]).toEqual(['1000\n', '0\n']);
    });

    test('a published port is open to this machine alone', async () => {
      await using instance = await sandbox.create('port', { network: 'bridge', ports: [{ container: 8080 }] });
      await instance.start();
      const { NetworkSettings } = await inspect('port');
      expect(NetworkSettings.Ports['8080/tcp']).toEqual([
        { HostIp: '127.0.0.1', HostPort: expect.stringMatching(/^\d+$/) },
      ]);
    });

    // Another one could not share files with root.
    test.runIf(isRoot)('root in the container has no capability either, and cannot leave what is mounted', async () => {
      const workspace = join(sandbox.root, 'of-root');
      mkdirSync(workspace);
      const said = await output(
        'root',
        { user: 'root', workspace },
        `id -u; grep CapEff /proc/self/status | tr -s '\\t' ' '
       for path in /ccb/pipes/x /ccb/agent/settings.json /usr/x; do (echo > $path) 2>/dev/null && echo "wrote $path"; done
       kill -0 1 && echo 'sees its init only'; ls /proc | grep -cE '^[0-9]+$'`,
      );
      const [uid, effective, init, processes] = said.trim().split('\n');
      expect([uid, effective, init]).toEqual(['0', 'CapEff: 0000000000000000', 'sees its init only']);
      expect(Number(processes)).toBeLessThan(12);
    });
  },
);
