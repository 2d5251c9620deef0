import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Sandbox } from './testing/sandbox.ts';
import { asTmuxRecord } from './tmux-data.ts';

const secret = 'hush-4a9f-value';

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}

test('a secret reaches the program, and is in no process list, file, record, log or table of tmux', async () => {
  await using sandbox = new Sandbox();
  const logged: string[] = [];
  const instance = await sandbox.create('secret', {
    env: { TOKEN: secret },
    log: (entry) => logged.push(JSON.stringify(entry)),
  });
  const { output } = await instance.sendCommandAndWait('test "$TOKEN" = hush-4a9f-"value" && echo known');
  expect(output).toBe('known\n');
  const commandLines = readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      } catch {
        return '';
      }
    });
  expect(commandLines.filter((line) => line.includes(secret))).toEqual([]);
  for (const path of filesBelow(sandbox.root)) expect(readFileSync(path).includes(secret), path).toBe(false);
  expect(JSON.stringify(instance.record) + logged.join('')).not.toContain(secret);
  const { socket } = asTmuxRecord(instance.record).data;
  for (const question of [
    ['show-environment', '-g'],
    ['show-environment', '-t', '=ccb-secret'],
    ['show-options', '-A'],
    ['list-panes', '-a', '-F', '#{pane_start_command}'],
    ['show-hooks', '-p', '-t', '=ccb-secret:'],
  ])
    expect(sandbox.tmux(socket, ...question)).not.toContain(secret);
  expect(await instance.sendCommandAndWait('env | grep -c "^TMUX=\\|^TMUX_PANE="')).toMatchObject({ output: '2\n' });
  expect(await instance.sendCommandAndWait('env | grep -i "nonce\\|vitest\\|npm_"')).toMatchObject({ output: '' });
});

test("the person's own files are honoured, and not written", async () => {
  await using sandbox = new Sandbox();
  const { writeFileSync } = await import('node:fs');
  const rc = join(sandbox.person, '.bashrc');
  writeFileSync(rc, "alias greet='echo from my own rc'\nPS1='mine> '\nPROMPT_COMMAND='true'\nset -o vi\n");
  const instance = await sandbox.create('person');
  expect(await instance.sendCommandAndWait('greet')).toMatchObject({ output: 'from my own rc\n', success: true });
  expect(await instance.sendCommandAndWait('false')).toMatchObject({ output: '', exitCode: 1 });
  expect(await instance.screen()).toContain('mine> ');
  await instance.cleanup({ remove: true });
  expect(readdirSync(sandbox.person)).toEqual(['.bashrc']);
});
