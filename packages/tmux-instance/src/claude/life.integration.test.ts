import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fakeApiEnvironment, type IsolatedApi, startIsolatedApi } from '@ccb/conformance/claude';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Sandbox } from '../testing/sandbox.ts';

const claude = process.env.CCB_CLAUDE;
const key = 'sk-ant-test-0123456789abcdefghij';

describe.skipIf(claude === undefined)('Claude Code in a pane', () => {
  let sandbox: Sandbox;
  let api: IsolatedApi;
  let env: Record<string, string>;

  beforeAll(async () => {
    sandbox = new Sandbox();
    api = await startIsolatedApi();
    mkdirSync(join(sandbox.root, 'tmp'));
    env = {
      ...fakeApiEnvironment(api.url, { maxRetries: 0 }),
      ANTHROPIC_API_KEY: key,
      TMPDIR: join(sandbox.root, 'tmp'),
      CLAUDE_CODE_EXECUTABLE: await api.executable(claude as string),
    };
  });
  afterAll(async () => {
    await sandbox[Symbol.asyncDispose]();
    await api.close();
  });

  test('no part of a key is on disk, and nobody else’s configuration is written', async () => {
    const instance = await sandbox.create('key', { program: 'claude', env });
    expect(await instance.sendCommandAndWait('say: hello')).toMatchObject({
      output: 'hello',
      completedBy: 'claude-hooks',
    });
    const files = readdirSync(sandbox.home, { recursive: true, encoding: 'utf8' }).map((name) =>
      join(sandbox.home, name),
    );
    for (const path of files.filter((each) => statSync(each, { throwIfNoEntry: false })?.isFile()))
      expect(readFileSync(path).includes(key.slice(-20)), path).toBe(false);
    expect(readdirSync(sandbox.person).filter((name) => name.startsWith('.claude'))).toEqual([]);
    await instance.cleanup({ remove: true });
  });

  test('a person’s own question is a takeover, and is waited for', async () => {
    const instance = await sandbox.create('person', { program: 'claude', env });
    await instance.sendCommandAndWait('say: hello');
    const told: boolean[] = [];
    const began = new Promise<void>((resolve) => {
      instance.onTakeover((active) => {
        told.push(active);
        if (active) resolve();
      });
    });
    await instance.press('slow: 5');
    await instance.press('\r');
    await began;
    expect(await instance.sendCommandAndWait('say: after')).toMatchObject({ output: 'after', success: true });
    expect(told).toEqual([true, false]);
    await instance.cleanup({ remove: true });
  });

  test('texts of every kind reach the model as they are', async () => {
    const instance = await sandbox.create('texts', { program: 'claude', env });
    for (const text of [
      'one line',
      'two\nlines\n\nand more',
      'é世界😀',
      `"quoted" \\ $HOME \`id\` #{x} %H;`,
      'x'.repeat(100_000),
    ])
      expect(await instance.sendCommandAndWait(`say: ${text}`)).toMatchObject({ output: text, success: true });
    for (const text of ['/help me', '!ls', '# heading', '? what'])
      expect(await instance.sendCommandAndWait(text)).toMatchObject({ output: `echo:  ${text}` });
    await instance.cleanup({ remove: true });
  });
});
