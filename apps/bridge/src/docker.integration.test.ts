import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DockerSandbox, docker, whyNoEngine } from './testing/docker-sandbox.ts';
import { examplesOf } from './testing/readme-examples.ts';
import { Transcript } from './testing/transcript.ts';

const absent = await whyNoEngine();

if (process.env.CI === 'true') {
  test('continuous integration has an engine', () => {
    expect(absent).toBeUndefined();
  });
}

describe.skipIf(absent !== undefined)(absent ? `ccb with docker (not here: ${absent})` : 'ccb with docker', () => {
  let sandbox: DockerSandbox;
  beforeEach(async () => {
    sandbox = await DockerSandbox.make();
  });
  afterEach(async () => {
    try {
      await sandbox.whenEmpty();
      expect(await sandbox.containers()).toEqual([]);
    } finally {
      await sandbox.removeContainers();
      sandbox.remove();
    }
  });

  const run = (...args: readonly string[]): readonly string[] => ['run', ...sandbox.contained, ...args];

  describe('ccb run', () => {
    test('says what runs where, works in the workspace, and keeps the two streams apart', async () => {
      const { exitCode, stdout, stderr } = await sandbox.ccb(run('--', 'pwd; touch here; id -u; echo err >&2'));
      const uid = process.getuid?.() || 1000;
      expect([exitCode, String(stdout)]).toEqual([0, `/workspace\n${uid}\n`]);
      expect(readdirSync(sandbox.workspace)).toEqual(['here']);
      const [first, ...rest] = stderr.split('\n');
      expect(first).toMatch(/^ccb: shell \(docker, ccb-test:\w+\) in .*\/work, instance run-\w{8}, gone at the end$/);
      expect(rest).toEqual(['err', '']);
    });

    test.each(['fifo', 'exec'])('delivers bytes that are no text, by %s', async (transport) => {
      const command = 'head -c 100000 /dev/urandom | tee copy';
      const { exitCode, stdout } = await sandbox.ccb(run('--transport', transport, '--', command));
      const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
      expect(exitCode).toBe(0);
      expect(digest(stdout)).toBe(digest(readFileSync(join(sandbox.workspace, 'copy'))));
    });

    test("fails with 1, with the program's own code, or with 124 at its limit", async () => {
      expect((await sandbox.ccb(run('--', '(exit 3)'))).exitCode).toBe(1);
      expect((await sandbox.ccb(run('--pass-exit-code', '--', '(exit 3)'))).exitCode).toBe(3);
      expect((await sandbox.ccb(run('--timeout', '1', '--', 'sleep 9'))).exitCode).toBe(124);
    });

    test('gives the program the variables that were named; the engine knows none of them', async () => {
      const args = run('--env', 'TOKEN=hush', '--', 'echo "$TOKEN"; read -r line < gate; echo "$line"');
      await sandbox.shell('mkfifo -m 666 gate');
      const { child, finished } = sandbox.start(args);
      await new Transcript(child.stdout).until('hush\n');
      const [name = ''] = (await sandbox.containers()).map((line) => line.split(' ')[0] ?? '');
      expect(await docker('inspect', name)).not.toContain('hush');
      await sandbox.shell('echo done > gate');
      expect(await finished).toMatchObject({ exitCode: 0 });
    });

    test.each([
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const)('%s ends the command, the container and the instance, with %i', async (signal, exitCode) => {
      const { child, finished } = sandbox.start(run('-q', '--', 'echo up; sleep 100'));
      await new Transcript(child.stdout).until('up\n');
      child.kill(signal);
      expect(await finished).toMatchObject({ exitCode, stderr: '' });
    });

    test('SIGINT while the container is being made leaves nothing of it, with 130', async () => {
      const { child, finished } = sandbox.start(run('true'));
      await new Transcript(child.stderr).until('gone at the end\n');
      child.kill('SIGINT');
      expect((await finished).exitCode).toBe(130);
    });

    test('that is killed leaves a container that ends itself, and the next one sweeps it', async () => {
      const { child, finished } = sandbox.start(run('--', 'echo up; sleep 100'));
      await new Transcript(child.stdout).until('up\n');
      const [name = ''] = (await sandbox.containers()).map((line) => line.split(' ')[0] ?? '');
      child.kill('SIGKILL');
      await finished;
      await docker('wait', name);
      expect(await sandbox.containers()).toEqual([`${name} exited`]);
      expect((await sandbox.ccb(run('true'))).exitCode).toBe(0);
    });
  });

  describe('ccb chat', () => {
    test('from a pipe is one shell for all its lines', async () => {
      const input = 'cd /tmp; x=kept\npwd; echo $x\n';
      const { exitCode, stdout } = await sandbox.ccb(['chat', '-q', ...sandbox.contained], { input });
      expect([exitCode, String(stdout)]).toEqual([0, '/tmp\nkept\n']);
    });

    test('continues what ccb run --keep began, and takes no other options for it', async () => {
      // An engine has one container of a name, and others may test beside this one.
      const name = `kept-${process.pid}`;
      expect((await sandbox.ccb(run('--keep', name, 'x=kept'))).exitCode).toBe(0);
      expect(await sandbox.containers()).toEqual([`ccb-${name} running`]);
      const other = await sandbox.ccb(['chat', name, '--backend', 'docker', '--network', 'bridge']);
      expect(other.exitCode).toBe(2);
      expect(other.stderr).toContain(`ccb: --network was none when "${name}" was created.`);
      const { exitCode, stdout, stderr } = await sandbox.ccb(['chat', name], { input: 'echo $x\n' });
      expect([exitCode, String(stdout)]).toEqual([0, 'kept\n']);
      expect(stderr).toMatch(/^ccb: shell \(docker, ccb-test:\w+\) in .*, instance kept-\d+\n$/);
      await sandbox.endInstances();
    });
  });

  describe('claude', () => {
    const asked = ['--program', 'claude', '--env', 'CLAUDE_CODE_EXECUTABLE=/workspace/claude'];
    beforeEach(() => sandbox.copyClaude(join(sandbox.workspace, 'claude')));

    test('answers from a container, of which there is no warning, and with permissions', async () => {
      const { exitCode, stdout, stderr } = await sandbox.ccb(run(...asked, '--permission', 'allow', 'ask'));
      expect([exitCode, String(stdout)]).toEqual([0, 'allowed']);
      expect(stderr).toMatch(/^ccb: claude \(docker, ccb-test:\w+\) in .*, gone at the end\n$/);
      expect(readdirSync(sandbox.workspace)).toContain('ccb-asked');
    });

    test.each(['README.md', '../../README.md'])('and shell do what the examples of %s say', async (readme) => {
      const lines = examplesOf(readme).filter((line) => line.includes('--backend docker'));
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) {
        // Images of registries, and one that is built with the network, are not to be had everywhere.
        const local = line.includes('--image')
          ? line.replace('node:24', sandbox.image)
          : line.replace('--backend docker', `--backend docker --image ${sandbox.image} ${asked.join(' ')}`);
        const { exitCode, stderr } = await sandbox.shell(`export ANTHROPIC_API_KEY=test-key; ${local}`);
        expect([line, exitCode, stderr]).toEqual([line, 0, stderr]);
      }
    });
  });

  describe('what cannot be', () => {
    test.each([
      [
        'an image that nobody has made',
        ['--image', 'ccb/claude:absent'],
        'Make it: `ccb image build`. (CCB_NOT_FOUND)',
      ],
      ['a user who cannot work there', ['--user', '5:5'], '(CCB_NOT_SUPPORTED)'],
      ['a program that the image has not', ['--program', 'claude'], 'in docker: an --image that has it.'],
    ])('%s: 3, and what to do', async (_, options, message) => {
      const { exitCode, stdout, stderr } = await sandbox.ccb(run(...options, 'true'));
      expect([exitCode, String(stdout)]).toEqual([3, '']);
      expect(stderr.trimEnd().split('\n')).toEqual([expect.any(String), expect.stringContaining(message)]);
    });

    test('no engine: 3, and where it was looked for', async () => {
      const env = { DOCKER_HOST: `unix://${sandbox.directory}/docker.sock` };
      const { exitCode, stderr } = await sandbox.ccb(run('true'), { env });
      expect(exitCode).toBe(3);
      expect(stderr).toContain(`ccb: The engine at ${env.DOCKER_HOST} could not be asked`);
      expect(stderr).toContain('(CCB_BACKEND_UNREACHABLE)');
    });
  });

  test('ccb image build makes an image that runs, and writes its name', async () => {
    const name = `ccb-bridge-test:${process.pid}`;
    const { exitCode, stdout, stderr } = await sandbox.ccb(['image', 'build', '--from', 'host', '--name', name]);
    try {
      expect([exitCode, String(stdout)]).toEqual([0, `${name}\n`]);
      expect(stderr).toMatch(/^ccb: .*\d+ programs of this machine$/m);
      expect(stderr).toMatch(/^ccb: ccb-bridge-test:\d+ was built from the programs of this machine in [\d.]+s\n$/m);
      const started = await sandbox.ccb(run('--image', name, '-q', 'echo', 'it runs'));
      expect(String(started.stdout)).toBe('it runs\n');
    } finally {
      await docker('rmi', '--force', name);
    }
  });
});
