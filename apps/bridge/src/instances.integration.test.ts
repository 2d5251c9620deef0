import { readdirSync, writeFileSync } from 'node:fs';
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
    await sandbox.endInstances();
    await sandbox.whenEmpty();
  } finally {
    sandbox.remove();
  }
});

/** stdout of a `ccb` that must succeed. */
async function ccb(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await sandbox.ccb(args);
  expect([exitCode, stderr.replace(/^ccb: (shell|echo) \(.*\n/gm, '')]).toEqual([0, '']);
  return String(stdout);
}

async function refused(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await sandbox.ccb(args);
  expect([exitCode, String(stdout)]).toEqual([3, '']);
  return stderr;
}

const make = (name: string): Promise<string> => ccb('create', name, '--program', 'shell');

test('an instance is made, talked to, looked at, stopped, renamed and removed', async () => {
  expect(await make('work')).toBe('work\n');
  expect(await ccb('send', 'work', 'x=7; echo', 'hi')).toBe('hi\n');
  expect(await ccb('ls')).toMatch(/^NAME +STATE +BACKEND .*\nwork +running +process +shell +/);
  expect(JSON.parse(await ccb('ls', '--json'))).toMatchObject({
    name: 'work',
    state: 'running',
    record: { type: 'process' },
  });
  expect(await ccb('info', 'work')).toMatch(/^name +work\nstate +running\n[\s\S]*transport +fifo\n/);
  expect(JSON.parse(await ccb('info', 'work', '--json'))).toMatchObject({ name: 'work', record: { program: 'shell' } });
  expect(await ccb('history', 'work')).toBe('> x=7; echo hi\nhi\n');
  expect(await refused('rm', 'work')).toContain('Stop it first, or remove it with force. With ccb: ccb rm -f.');
  expect(await ccb('stop', 'work')).toBe('');
  expect(await ccb('ls')).toMatch(/work +stopped/);
  expect(await ccb('rename', 'work', 'other')).toBe('');
  expect(await refused('info', 'work')).toContain('There is no instance "work".');
  expect(await ccb('send', 'other', 'echo $x.')).toBe('.\n');
  expect(await ccb('restart', 'other')).toBe('');
  expect(await ccb('exec', 'other', '--', 'pwd')).toBe(`${sandbox.workspace}\n`);
  expect(await ccb('logs', 'other', '--tail', '1')).toMatch(/^\{"at":".*\}\n$/);
  expect(await ccb('rm', '-f', 'other')).toBe('');
  expect(readdirSync(join(sandbox.home, 'instances'))).toEqual([]);
});

test('a command that was handed over goes on, is waited for and shown again', async () => {
  await make('work');
  const id = (await ccb('send', 'work', '--detach', 'echo begun; sleep 60')).trim();
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  expect(await ccb('info', 'work')).toContain(`command    ${id} since `);
  const waiting = sandbox.ccb(['wait', 'work', '--wait']);
  const interrupted = await sandbox.ccb(['interrupt', 'work']);
  expect([interrupted.exitCode, interrupted.stderr]).toEqual([0, 'ccb: interrupted\n']);
  expect((await waiting).exitCode).toBe(1);
  await ccb('send', 'work', '--id', 'mine', 'echo once');
  expect(await ccb('send', 'work', '--id', 'mine', 'echo once')).toBe('once\n');
  expect(await ccb('resume', 'work')).toBe('once\n');
  expect(await ccb('resume', 'work', 'mine')).toBe('once\n');
  expect(await refused('resume', 'work', 'unknown')).toContain('(CCB_NOT_FOUND)');
  const failed = await sandbox.ccb(['send', 'work', '--pass-exit-code', '(exit 4)']);
  expect(failed.exitCode).toBe(4);
  expect((await sandbox.ccb(['wait', 'work', '--pass-exit-code'])).exitCode).toBe(4);
});

test('stdin can be the text of a command, and what another ccb holds is waited for, watched and interrupted', async () => {
  await make('work');
  const { stdout } = await sandbox.ccb(['send', 'work', '-'], { input: 'echo one\necho two\n' });
  expect(String(stdout)).toBe('one\ntwo\n');
  const holder = sandbox.start(['send', 'work', 'echo begun; sleep 60']);
  await new Transcript(holder.child.stdout).until('begun\n');
  expect(await refused('send', 'work', 'x')).toMatch(/held by process \d+ \(ccb send work\) since/);
  expect(await ccb('ls')).toMatch(new RegExp(`ccb send work \\(${holder.child.pid}\\)`));
  const watching = sandbox.start(['resume', 'work']);
  await new Transcript(watching.child.stdout).until('begun\n');
  const queued = sandbox.ccb(['send', 'work', '--wait', 'echo next']);
  expect((await sandbox.ccb(['interrupt', 'work'])).exitCode).toBe(0);
  expect((await holder.finished).exitCode).toBe(1);
  watching.child.stdin.end();
  expect((await watching.finished).exitCode).toBe(1);
  expect(String((await queued).stdout)).toBe('next\n');
});

test('a reader that goes away is no failure worth a word', async () => {
  await make('work');
  const { stdout, stderr } = await sandbox.shell(
    `ccb send work "yes | head -100000" | head -1; echo "\${PIPESTATUS[0]}"`,
  );
  expect([String(stdout), stderr]).toEqual(['y\n141\n', '']);
});

test('what is left by others that were killed is pruned, and what has a name is not', async () => {
  await make('kept');
  await sandbox.make({ name: 'loose', program: 'shell', ephemeral: true });
  expect(await ccb('ls')).not.toContain('loose');
  expect(await ccb('ls', '--all')).toContain('loose');
  expect(await ccb('prune', '-n')).toMatch(/^BACKEND +NAME +WOULD REMOVE\nprocess +loose/);
  expect(await ccb('prune')).toMatch(/REMOVED\nprocess +loose/);
  expect(await ccb('ls', '--all')).not.toContain('loose');
  expect(await ccb('discover')).toMatch(/process +kept +yes/);
});

describe('configuration', () => {
  const project = (value: object): void => writeFileSync(join(sandbox.workspace, 'ccb.json'), JSON.stringify(value));
  const here = (line: string) => sandbox.shell(`cd '${sandbox.workspace}' && ${line}`);

  test('an option wins over a variable, that over the project, that over the person; each value says where it is from', async () => {
    await sandbox.shell(
      `mkdir -p '${sandbox.directory}/.config/ccb' && echo '{"program":"echo","timeout":"5m","color":"never"}' > '${sandbox.directory}/.config/ccb/config.json'`,
    );
    project({ program: 'shell', timeout: 30 });
    const { stdout } = await here('CCB_TIMEOUT=10 ccb config --json --color always');
    const settings = String(stdout)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(settings).toEqual([
      { key: 'program', value: 'shell', source: 'project', origin: `${sandbox.workspace}/ccb.json` },
      { key: 'timeout', value: '10', source: 'environment', origin: '$CCB_TIMEOUT' },
      { key: 'color', value: 'always', source: 'flag', origin: '--color' },
      { key: 'home', value: sandbox.home, source: 'environment', origin: '$CCB_HOME' },
    ]);
    expect(String((await here('ccb run pwd')).stdout)).toBe(`${sandbox.workspace}\n`);
    expect(String((await here('ccb run --program echo pwd')).stdout)).toBe('pwd');
  });

  test.each([
    [{ permission: 'allow' }, /"permission" cannot be "allow", which is only ever typed/],
    [{ backends: { x: 'y' } }, /"backends" cannot be set by a project's file/],
    [{ colour: 'never' }, /"colour" is no setting\. Known are: backend, /],
    [{ transport: 'tcp' }, /"transport" must be one of: auto, fifo, exec/],
    [{ timeout: 'soon' }, /"timeout" must be a duration/],
  ])('%j in a project is refused, and nothing is made', async (value, message) => {
    project(value);
    const { exitCode, stderr } = await here('ccb run --program shell true');
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(message)]);
    expect(stderr).toMatch(/^ccb: .*ccb\.json.*\(CCB_USAGE\)\n$/);
  });

  test('a project cannot take an agent out of the container that its person wants', async () => {
    await sandbox.shell(
      `mkdir -p '${sandbox.directory}/.config/ccb' && echo '{"backend":"docker"}' > '${sandbox.directory}/.config/ccb/config.json'`,
    );
    project({ backend: 'process' });
    const { exitCode, stderr } = await here('ccb run true');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('Say --backend process if you mean it')]);
    expect((await here('ccb run --backend process --program shell true')).exitCode).toBe(0);
  });

  test("somebody else's backend is loaded by its name, and held, listed and removed like ccb's own", async () => {
    const own = new URL('../../../examples/own-backend/src/index.ts', import.meta.url);
    const config = join(sandbox.directory, '.config', 'ccb');
    const code = [
      `import { tsImport } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))};`,
      `export const { backend } = await tsImport(${JSON.stringify(own.href)}, import.meta.url);`,
    ].join('\n');
    const settings = { backends: { ssh: { package: './ssh.mjs', spec: { argv: ['sh', '-c'] } }, gone: 'not-here' } };
    await sandbox.shell(`mkdir -p '${config}'`);
    writeFileSync(join(config, 'ssh.mjs'), code);
    writeFileSync(join(config, 'config.json'), JSON.stringify(settings));
    const { stdout, exitCode } = await here('ccb run -q --backend ssh --program shell "echo through"');
    expect([exitCode, String(stdout)]).toEqual([0, 'through\n']);
    const { exitCode: unknown, stderr } = await here('ccb run --backend gone x');
    expect([unknown, stderr]).toEqual([
      3,
      expect.stringMatching(/The backend "gone" of .*config\.json cannot be used/),
    ]);
  });
});

describe('completion', () => {
  test('bash completes verbs, options, their values, and names', async () => {
    await make('work');
    await make('world');
    const complete = async (...words: readonly string[]): Promise<readonly string[]> => {
      const line = [
        'source <(ccb completion bash)',
        `COMP_WORDS=(ccb ${words.map((word) => `'${word}'`).join(' ')})`,
        `COMP_CWORD=${words.length}`,
        `_ccb; printf "%s\\n" "\${COMPREPLY[@]}"`,
      ].join('\n');
      const { stdout, stderr } = await sandbox.shell(line);
      expect(stderr).toBe('');
      return String(stdout).trim().split('\n');
    };
    expect(await complete('re')).toEqual(['resume', 'restart', 'rename']);
    expect(await complete('send', 'wor')).toEqual(['work', 'world']);
    expect(await complete('rm', 'work', 'worl')).toEqual(['world']);
    expect(await complete('create', 'wor')).toEqual(['']);
    expect(await complete('run', '--perm')).toEqual(['--permission']);
    expect(await complete('run', '--permission', 'a')).toEqual(['ask', 'allow']);
    expect(await complete('image', '')).toEqual(['build']);
  });

  test.each(['zsh', 'fish'])('a script for %s names every verb', async (shell) => {
    const script = await ccb('completion', shell);
    for (const verb of ['send', 'attach', 'doctor', 'acp', 'prune']) expect(script).toContain(verb);
  });
});
