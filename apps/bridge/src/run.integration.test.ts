import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Sandbox } from './testing/sandbox.ts';
import { Transcript } from './testing/transcript.ts';

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(async () => {
  try {
    await sandbox.whenEmpty();
  } finally {
    sandbox.remove();
  }
});

const shell = (...args: string[]) => ['run', '--program', 'shell', ...args];

describe('ccb run', () => {
  test("writes the program's stdout to stdout and its stderr to stderr", async () => {
    const { exitCode, stdout, stderr } = await sandbox.ccb(shell('-q', '--', 'printf out; printf err >&2'));
    expect([exitCode, String(stdout), stderr]).toEqual([0, 'out', 'err']);
  });

  test('says first which program runs where', async () => {
    const { stderr } = await sandbox.ccb(['run', 'true']);
    expect(stderr).toMatch(/^ccb: shell \(process\) in .*\/work, instance run-[0-9a-f]{8}, gone at the end\n$/);
  });

  test('joins the words, in the workspace that was named', async () => {
    const { stdout } = await sandbox.ccb(shell('--workspace', '/', 'echo', 'a', '$PWD'));
    expect(String(stdout)).toBe('a /\n');
  });

  test('takes all of stdin as one command', async () => {
    const input = 'for word in one two\ndo\n  echo $word\ndone\n';
    for (const args of [shell(), shell('-')]) {
      expect(String((await sandbox.ccb(args, { input })).stdout)).toBe('one\ntwo\n');
    }
  });

  test('delivers bytes that are no text', async () => {
    const copy = join(sandbox.workspace, 'copy');
    const command = `head -c 100000 /dev/urandom | tee '${copy}'`;
    const { exitCode, stdout } = await sandbox.ccb(shell('--', command));
    const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    expect(exitCode).toBe(0);
    expect(digest(stdout)).toBe(digest(readFileSync(copy)));
  });

  test('ends quietly, and the command with it, when its reader has enough', async () => {
    const { stdout, stderr } = await sandbox.shell(
      'set -o pipefail; ccb run -q --program shell -- yes | head -1; echo $?',
    );
    expect([String(stdout), stderr]).toEqual(['y\n141\n', '']);
  });

  test("fails with 1, or with the program's own code", async () => {
    expect((await sandbox.ccb(shell('--', 'exit 3'))).exitCode).toBe(1);
    expect((await sandbox.ccb(shell('--pass-exit-code', '--', 'exit 3'))).exitCode).toBe(3);
    expect((await sandbox.ccb(shell('--pass-exit-code', '--', '(exit 4)'))).exitCode).toBe(4);
  });

  test('ends a command at its limit, with 124', async () => {
    const { exitCode, stderr, durationMs } = await sandbox.ccb(shell('--timeout', '1', '--', 'sleep 9'));
    expect(exitCode).toBe(124);
    expect(stderr).toContain('ccb: The command was ended after 1s. Give it longer with --timeout. (CCB_TIMEOUT)\n');
    expect(durationMs).toBeLessThan(2_000);
  });

  test('writes every event as a line of JSON, the end last', async () => {
    const { stdout } = await sandbox.ccb(shell('--json', '--', 'echo out; echo err >&2; (exit 3)'));
    const events = String(stdout)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events).toContainEqual(expect.objectContaining({ type: 'text', text: 'out\n' }));
    expect(events).toContainEqual(expect.objectContaining({ type: 'text', stream: 'stderr', text: 'err\n' }));
    expect(events.every(({ cursor, at }) => typeof cursor === 'string' && !Number.isNaN(Date.parse(at)))).toBe(true);
    expect(events.at(-1)).toMatchObject({ type: 'end', result: { success: false, status: 'failed', exitCode: 3 } });
  });

  test('gives the program the variables that were named, and no others', async () => {
    writeFileSync(join(sandbox.workspace, 'file.env'), 'A=file\nB=file\n');
    const args = shell('--env', 'A=option', '--env', 'C', '--env-file', 'file.env', '--', 'echo "$A $B $C $D"');
    const { stdout } = await sandbox.ccb(args, { env: { C: 'caller', D: 'secret' } });
    expect(String(stdout)).toBe('option file caller \n');
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s ends the command and the instance, with %i', async (signal, exitCode) => {
    const { child, finished } = sandbox.start(shell('-q', '--', 'echo up; sleep 100'));
    await new Transcript(child.stdout).until('up\n');
    child.kill(signal);
    expect(await finished).toMatchObject({ exitCode, stderr: '' });
  });

  test('leaves at the second SIGINT, while the program ignores the first', async () => {
    const { child, finished } = sandbox.start(shell('--', 'trap "echo no" INT; echo up; while :; do sleep 100; done'));
    const said = new Transcript(child.stdout);
    await said.until('up\n');
    child.kill('SIGINT');
    await said.until('no\n');
    child.kill('SIGINT');
    const { exitCode, durationMs } = await finished;
    expect(exitCode).toBe(130);
    // Not by the escalation, which the second SIGINT does not wait for.
    expect(durationMs).toBeLessThan(8_000);
  });

  test('leaves nothing when it is killed itself', async () => {
    const { child, finished } = sandbox.start(shell('--', 'echo up; sleep 100'));
    await new Transcript(child.stdout).until('up\n');
    child.kill('SIGKILL');
    await finished;
    await sandbox.whenEmpty();
  });
});

test('what speaks to Docker is loaded for Docker alone', async () => {
  const loaded = async (...args: string[]): Promise<string> => {
    const directory = mkdtempSync(join(sandbox.directory, 'loaded-'));
    await sandbox.ccb(args, { env: { NODE_V8_COVERAGE: directory, DOCKER_HOST: 'unix:///nowhere' } });
    return readdirSync(directory)
      .map((file) => readFileSync(join(directory, file), 'utf8'))
      .join();
  };
  expect(await loaded('--help')).not.toMatch(/dockerode|process-instance/);
  expect(await loaded(...shell('true'))).not.toContain('dockerode');
  expect(await loaded('run', '--backend', 'docker', '--image', 'x', 'true')).toContain('dockerode');
});

describe('what cannot be', () => {
  test.each([
    [['chta'], "ccb: Unknown command 'chta'. Did you mean chat? (CCB_USAGE)"],
    [['help', 'rnu'], "ccb: Unknown command 'rnu'. Did you mean run? (CCB_USAGE)"],
    [['run'], 'ccb: There is nothing to run: stdin was empty.'],
    [['run', '--bogus'], "ccb: Unknown option '--bogus'."],
    [['run', '--timeout', 'soon', 'x'], 'ccb: --timeout "soon" is not a duration.'],
    [['run', '--env', 'CCB_TEST_UNSET', 'x'], 'ccb: --env CCB_TEST_UNSET: the variable is not set here.'],
    [['run', '--permission', 'ask', 'x'], 'ccb: --permission ask needs a terminal'],
    [['run', '--image', 'x', 'x'], 'ccb: --image means nothing to the process backend.'],
    [['run', '--network', 'none', 'x'], 'ccb: --network means nothing to the process backend. Add --backend docker,'],
    [['run', '--backend', 'docker', '--login', 'person', 'x'], 'ccb: --login person is not there in a container'],
    [['run', '--backend', 'docker', '--image', 'A b', 'x'], 'ccb: --image must be the name of an image, such as '],
    [['run', '--transport', 'smoke', 'x'], "ccb: Option '--transport <kind>' argument 'smoke' is invalid."],
    [['image', 'bulid'], "ccb: Unknown command 'bulid'. Did you mean build? (CCB_USAGE)"],
    [['image', 'build', '--claude-version', 'a b'], 'ccb: --claude-version must be a version such as 2.1.330: a b.'],
    [
      ['run', '--backend', 'cloud', 'x'],
      'ccb: --backend "cloud" is none that this ccb has. Choose one of: process, docker, tmux.',
    ],
    [['run', '--workspace', '/nowhere', 'x'], 'ccb: --workspace "/nowhere" is not a directory.'],
    [['run', '--program', 'acp', 'x'], 'ccb: --program acp needs its command line: --program-arg node'],
    [['run', '--program', 'zsh', 'x'], 'ccb: --program "zsh" is not a program that ccb knows.'],
    [['run', '--keep', 'ls', 'x'], 'ccb: "ls" is a verb of ccb.'],
    [['chat', 'one', 'two'], "ccb: Too many arguments for 'chat'."],
  ])('%j is a mistake of the caller: 2', async (args, message) => {
    const { exitCode, stdout, stderr } = await sandbox.ccb(args);
    expect([exitCode, String(stdout)]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test.each([[['chat', 'absent'], 'Make it with "ccb create absent"; "ccb ls" shows what there is. (CCB_NOT_FOUND)']])(
    '%j is for another build or another day: 3',
    async (args, message) => {
      const { exitCode, stdout, stderr } = await sandbox.ccb(args);
      expect([exitCode, String(stdout)]).toEqual([3, '']);
      expect(stderr).toContain(message);
    },
  );

  test('no verb, and nobody there, gets the help: 2', async () => {
    const { exitCode, stdout, stderr } = await sandbox.ccb([]);
    expect([exitCode, String(stdout)]).toEqual([2, '']);
    expect(stderr).toContain('Usage: ccb');
  });

  test('a verb that needs another one gets its help: 2', async () => {
    const { exitCode, stdout, stderr } = await sandbox.ccb(['image']);
    expect([exitCode, String(stdout)]).toEqual([2, '']);
    expect(stderr).toContain('Usage: ccb image');
    expect(stderr).not.toContain('CCB_');
  });

  test('help and version are answers', async () => {
    expect(String((await sandbox.ccb(['--version'])).stdout)).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
    for (const args of [['--help'], ['help']]) {
      expect(String((await sandbox.ccb(args)).stdout)).toContain('Usage: ccb [VERB]');
    }
    const build = await sandbox.ccb(['help', 'image', 'build']);
    expect([build.exitCode, String(build.stdout)]).toEqual([0, expect.stringContaining('Usage: ccb image build')]);
    for (const args of [
      ['run', '--help'],
      ['help', 'run'],
    ]) {
      expect(String((await sandbox.ccb(args)).stdout)).toContain('Usage: ccb run');
    }
  });
});
