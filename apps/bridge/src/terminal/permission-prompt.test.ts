import { PassThrough } from 'node:stream';
import type { PermissionRequest } from '@ccb/instance-interface';
import { expect, test } from 'vitest';
import { permissionPrompt } from './permission-prompt.ts';
import { StatusLine } from './status-line.ts';

const request: PermissionRequest = {
  requestId: 'r1',
  toolCall: { title: 'Edit\u001b[2J a.ts', rawInput: { path: 'a.ts' } },
  options: [
    { optionId: 'yes', name: 'Allow once', kind: 'allow_once' },
    { optionId: 'no', name: 'Reject', kind: 'reject_once' },
  ],
};

function setUp() {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const status = new StatusLine({ write: () => undefined }, false);
  const ending = new AbortController();
  const handler = permissionPrompt({ input, output, status });
  const ask = (asked = request) => Promise.resolve(handler(asked, { commandId: 'c', signal: ending.signal }));
  /** Resolves when the prompt stands there for the `count`th time. */
  const prompted = async (count = 1): Promise<void> => {
    let shown = '';
    for await (const chunk of output.iterator({ destroyOnReturn: false })) {
      shown += chunk;
      if (shown.split('is no): ').length > count) return;
    }
  };
  return { ask, input, output, ending, prompted };
}

test('the answer is the option of the number, asked again until there is one', async () => {
  const { ask, input, prompted } = setUp();
  const answer = ask();
  await prompted();
  input.write('yes please\n');
  await prompted();
  input.write('1\n');
  expect(await answer).toEqual({ optionId: 'yes' });
});

test.each([
  ['y', 'yes'],
  ['Yes', 'yes'],
  ['n', 'no'],
  ['a', 'always'],
  ['always', 'always'],
])('a word will do: %s', async (typed, optionId) => {
  const { ask, input } = setUp();
  const always = { optionId: 'always', name: 'Allow always', kind: 'allow_always' as const };
  const answer = ask({ ...request, options: [...request.options, always] });
  input.write(`${typed}\n`);
  expect(await answer).toEqual({ optionId });
});

test('a word for what is not offered is asked again', async () => {
  const { ask, input, output, prompted } = setUp();
  const answer = ask();
  await prompted();
  input.write('always\n');
  await prompted();
  input.write('no\n');
  expect(await answer).toEqual({ optionId: 'no' });
  expect(String(output.read() ?? '')).not.toContain('always');
});

test('the question shows the tool on one line, without its escapes', async () => {
  const { ask, input, output } = setUp();
  const answer = ask();
  input.end('\n');
  await answer;
  expect(String(output.read())).toContain(
    'The program asks to use: Edit [2J a.ts\n  {"path":"a.ts"}\n  1) Allow once\n  2) Reject\n',
  );
});

test.each(['\n', ''])('no answer (%j) is a no', async (typed) => {
  const { ask, input } = setUp();
  const answer = ask();
  input.end(typed);
  expect(await answer).toEqual({ optionId: 'no' });
});

test('a no to a request that knows no refusal cancels it', async () => {
  const { ask, input } = setUp();
  const answer = ask({ ...request, options: request.options.slice(0, 1) });
  input.end('\n');
  expect(await answer).toBe('cancelled');
});

test('two requests are asked one after the other', async () => {
  const { ask, input, prompted } = setUp();
  const answers = [ask(), ask()];
  await prompted();
  input.write('1\n');
  await prompted();
  input.write('2\n');
  expect(await Promise.all(answers)).toEqual([{ optionId: 'yes' }, { optionId: 'no' }]);
});

test('a question ends with the command', async () => {
  const { ask, ending, prompted } = setUp();
  const answer = ask();
  await prompted();
  ending.abort();
  await expect(answer).rejects.toThrow();
});
