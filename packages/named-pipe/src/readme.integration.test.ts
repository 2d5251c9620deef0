import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { Workspace } from './testing/workspace.ts';

const readme = fs.readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const programs = Array.from(readme.matchAll(/```ts\n(.*?)```/gs), ([, program]) => program as string);
const loader = createRequire(import.meta.url).resolve('tsx');

test('the programs of the README talk to each other', async () => {
  using workspace = new Workspace();
  fs.mkdirSync(workspace.at('node_modules/@ccb'), { recursive: true });
  fs.symlinkSync(new URL('..', import.meta.url), workspace.at('node_modules/@ccb/named-pipe'));
  fs.writeFileSync(workspace.at('package.json'), '{ "type": "module" }');
  const runs = programs.map((program, i) => {
    fs.writeFileSync(workspace.at(`${i}.ts`), program);
    return promisify(execFile)(process.execPath, ['--conditions=@ccb/source', '--import', loader, `${i}.ts`], {
      cwd: workspace.path,
      env: { PATH: process.env.PATH, HOME: workspace.path },
      timeout: 30_000,
      killSignal: 'SIGKILL',
    });
  });
  const [server, client] = await Promise.all(runs);
  expect(programs).toHaveLength(2);
  expect(server).toEqual({ stdout: '', stderr: '' });
  expect(client?.stdout).toBe("{ id: 1, text: 'Hello, world!' }\n{ id: 2, text: 'Hello, and goodbye!' }\n");
  expect(workspace.names.filter((name) => name.startsWith('greeter'))).toEqual([]);
});
