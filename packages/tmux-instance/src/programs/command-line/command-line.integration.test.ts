import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CompletionDetector } from '../../completion/completion-detector.ts';
import { Sandbox } from '../../testing/sandbox.ts';
import { asTmuxRecord } from '../../tmux-data.ts';

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => sandbox[Symbol.asyncDispose]());

/** Reads lines behind a prompt; answers each in two parts. */
function repl(): readonly [string, ...string[]] {
  const path = join(sandbox.root, 'repl.sh');
  const loop = `printf 'calc> '
while read -r line; do
  [ "$line" = quit ] && exit 4
  printf 'thinking of %s\\n' "$line"
  printf '= %s\\n' "$line$line"
  printf 'calc> '
done`;
  writeFileSync(path, loop);
  return ['/bin/sh', path];
}

test('a prompt that comes again ends an answer, which is a guess', async () => {
  const instance = await sandbox.create('repl', { argv: repl(), completion: [{ promptRegex: '^calc> $' }] });
  for (const word of ['one', 'two; three', 'é世界']) {
    expect(await instance.sendCommandAndWait(word)).toMatchObject({
      success: true,
      completedBy: 'promptRegex',
      inferred: true,
      output: `thinking of ${word}\n= ${word}${word}\n`,
    });
  }
  expect(instance.record.program).toBe('sh');
});

test('silence ends an answer where nothing else does', async () => {
  const instance = await sandbox.create('quiet', { argv: ['cat'], completion: [{ quiescenceMs: 150 }] });
  expect(await instance.sendCommandAndWait('said')).toMatchObject({
    success: true,
    completedBy: 'quiescence',
    inferred: true,
    output: 'said\n',
  });
});

test('the exit of a program is the end of its answer, and it is there again for the next command', async () => {
  const argv = ['/bin/sh', '-c', 'read -r line; echo "got $line"; exit 3'] as const;
  const instance = await sandbox.create('once', { argv, completion: ['exit'] });
  for (const word of ['one', 'two']) {
    expect(await instance.sendCommandAndWait(word)).toMatchObject({
      success: false,
      exitCode: 3,
      completedBy: 'exit',
      output: `got ${word}\n`,
    });
  }
});

test('a program that leaves amid a conversation says with what status', async () => {
  const instance = await sandbox.create('leaving', { argv: repl(), completion: [{ promptRegex: '^calc> $' }] });
  expect(await instance.sendCommandAndWait('quit')).toMatchObject({ exitCode: 4, completedBy: 'exit' });
  expect(await instance.sendCommandAndWait('back')).toMatchObject({ success: true });
});

test('python marks its prompts itself: output and success of each line are exact', async () => {
  const instance = await sandbox.create('python', { argv: ['python3', '-q'], completion: ['osc133'] });
  const said = async (line: string) => {
    const { output, success, completedBy, inferred } = await instance.sendCommandAndWait(line);
    return [output, success, completedBy, inferred];
  };
  expect(await said('1 + 1')).toEqual(['2\n', true, 'osc133', false]);
  expect(await said('print("é" * 3)')).toEqual(['ééé\n', true, 'osc133', false]);
  expect(await said('x = 5')).toEqual(['', true, 'osc133', false]);
  const failed = await instance.sendCommandAndWait('1 / 0');
  expect(failed.output).toContain('ZeroDivisionError');
  expect(failed).toMatchObject({ success: false, exitCode: 1 });
  expect(await said('x')).toEqual(['5\n', true, 'osc133', false]);
  expect(await said('import os; sorted(n for n in os.environ if n.startswith("CCB_"))')).toEqual([
    "['CCB_INSTANCE']\n",
    true,
    'osc133',
    false,
  ]);
});

test('a detector of a user’s own decides, is named, and has to be given again', async () => {
  let text = '';
  const own: CompletionDetector = {
    name: 'dot',
    inferred: false,
    feed(chunk) {
      text = chunk.length === 0 ? '' : text + Buffer.from(chunk).toString();
      return text.includes('= ') ? { success: true } : undefined;
    },
  };
  const completion = [own];
  const instance = await sandbox.create('own', { argv: repl(), completion: [{ promptRegex: '^never$' }, own] });
  instance.start().catch(() => {});
  await instance.cleanup({ remove: true });
  const other = await sandbox.create('other', { argv: ['cat'], completion });
  expect(asTmuxRecord(other.record).data.completion).toEqual([{ detector: 'dot' }]);
  await other.detach();
  await expect(sandbox.open(other.record)).rejects.toThrow(/detector dot of your own/);
  const again = await sandbox.open(other.record, { completion });
  await again.cleanup({ remove: true });
});

test('a command that is interrupted ends, and the next one is answered', async () => {
  const instance = await sandbox.create('held', {
    argv: ['python3', '-q'],
    completion: ['osc133'],
  });
  const stream = instance.sendCommand('import time; print("begun", flush=True); time.sleep(1000)');
  for await (const piece of stream.text({ cancelOnReturn: false })) if (piece.includes('begun')) break;
  expect(await stream.cancel()).toMatchObject({ status: 'cancelled' });
  expect(await instance.sendCommandAndWait('2')).toMatchObject({ output: '2\n', success: true });
});
