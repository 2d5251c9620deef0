import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeEngine } from '../testing/fake-engine.ts';
import { connectEngine } from './connect.ts';

let fake: FakeEngine;
let directory: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  fake = await FakeEngine.start();
  fake.state.images.add('image:1');
  directory = mkdtempSync(join(tmpdir(), 'ssh-'));
  env = { HOME: directory, PATH: `${directory}${delimiter}${process.env.PATH}` };
});
afterEach(async () => {
  await fake.stop();
  rmSync(directory, { recursive: true });
});

/** An ssh that reaches the engine of one machine alone. */
function writeSsh(): void {
  const relay = join(directory, 'relay.cjs');
  const connect = `require('node:net').connect(${JSON.stringify(fake.socketPath)})`;
  writeFileSync(relay, `const s = ${connect}; process.stdin.pipe(s).pipe(process.stdout);`);
  const script = [
    '#!/bin/sh',
    'case "$*" in *"-l me -p 22022 -- good docker system dial-stdio") ;; *) echo "No route to bad" >&2; exit 255;; esac',
    `exec '${process.execPath}' '${relay}'`,
  ].join('\n');
  writeFileSync(join(directory, 'ssh'), script);
  chmodSync(join(directory, 'ssh'), 0o755);
}

describe('an engine behind ssh', () => {
  it('answers, and takes execs, through the ssh of the machine', async () => {
    writeSsh();
    const engine = connectEngine({ host: 'ssh://me@good:22022', env });
    expect(engine).toMatchObject({ address: 'ssh://me@good:22022', isLocal: false });
    expect(await engine.about()).toMatchObject({ kind: 'docker' });
    const id = await engine.createContainer('box', { Image: 'image:1' });
    await engine.startContainer(id);
    expect(await engine.exec(id, { argv: ['cat'], input: 'through' })).toMatchObject({
      exitCode: 0,
      stdout: 'through',
    });
    engine.close();
    await fake.whenIdle();
  });

  it('leaves no ssh behind when a call is given up', async () => {
    writeSsh();
    fake.fails(/version|info/, 'hang');
    const engine = connectEngine({ host: 'ssh://me@good:22022', env });
    await expect(engine.about({ timeoutMs: 500 })).rejects.toMatchObject({ code: 'CCB_TIMEOUT' });
    await fake.whenIdle();
    engine.close();
  });

  it('is unreachable in the words of ssh', async () => {
    writeSsh();
    const engine = connectEngine({ host: 'ssh://me@bad', env });
    await expect(engine.about()).rejects.toMatchObject({
      code: 'CCB_BACKEND_UNREACHABLE',
      message: expect.stringContaining('No route to bad'),
    });
    engine.close();
  });

  it('is unreachable where there is no ssh', async () => {
    const engine = connectEngine({ host: 'ssh://me@good', env: { HOME: directory, PATH: directory } });
    await expect(engine.about()).rejects.toMatchObject({
      code: 'CCB_BACKEND_UNREACHABLE',
      message: expect.stringContaining('ssh cannot be run'),
    });
    engine.close();
  });
});
