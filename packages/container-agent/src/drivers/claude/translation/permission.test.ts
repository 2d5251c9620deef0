import { expect, test } from 'vitest';
import type { CanUseToolMessage } from './control.ts';
import { permissionRequest, permissionResponse } from './permission.ts';
import { fixturesOf, translate, versions } from './testing/fixtures.ts';

const rule = { type: 'addRules', rules: [{ toolName: 'Bash', ruleContent: 'npm test' }], behavior: 'allow' };
const question: CanUseToolMessage = {
  type: 'can_use_tool',
  requestId: 'r1',
  toolName: 'Bash',
  toolUseId: 't1',
  input: { command: 'npm test' },
  suggestions: [
    { ...rule, destination: 'localSettings' },
    { type: 'setMode', mode: 'acceptEdits', destination: 'session' },
  ],
};
const answer = (body: object) => ({
  type: 'control_response',
  response: { subtype: 'success', request_id: 'r1', response: body },
});

test.each(versions)('asks what %s asks', (version) => {
  const [request] = translate(fixturesOf(version).get('tool-deny') ?? []).flatMap(({ requests }) => requests);
  expect(request).toMatchObject({
    toolCall: { title: 'Bash: touch made', kind: 'execute', rawInput: { command: 'touch made' } },
    options: [
      { optionId: 'allow_once', name: 'Allow', kind: 'allow_once' },
      { optionId: 'allow_always', name: 'Allow Bash(touch made *) in this session', kind: 'allow_always' },
      { optionId: 'reject_once', name: 'Deny', kind: 'reject_once' },
    ],
  });
});

test('offers no lasting permission where the program suggests none', () => {
  const { options } = permissionRequest({ ...question, suggestions: [] });
  expect(options.map(({ kind }) => kind)).toEqual(['allow_once', 'reject_once']);
});

test('allows with the whole input, however much of it was shown', () => {
  const input = { command: `echo ${'x'.repeat(100_000)}` };
  const request = permissionRequest({ ...question, input });
  expect(JSON.stringify(request).length).toBeLessThan(60_000);
  expect(permissionResponse({ ...question, input }, 'allow_once')).toEqual(
    answer({ behavior: 'allow', updatedInput: input }),
  );
});

test('a lasting permission is the rule that was named, for the session', () => {
  expect(permissionResponse(question, 'allow_always')).toEqual(
    answer({
      behavior: 'allow',
      updatedInput: question.input,
      updatedPermissions: [{ ...rule, destination: 'session' }],
    }),
  );
});

test('where there is no rule, it is what is suggested', () => {
  const mode = { type: 'setMode', mode: 'acceptEdits', destination: 'session' };
  expect(permissionResponse({ ...question, suggestions: [mode] }, { optionId: 'allow_always' })).toMatchObject({
    response: { response: { updatedPermissions: [mode] } },
  });
});

test.each(['reject_once', 'reject_always', { optionId: 'reject_once' }, { optionId: 'nonsense' }] as const)(
  'denies at %j, with a message: without one the program reports a bug to the model',
  (choice) => {
    expect(permissionResponse(question, choice)).toEqual(
      answer({ behavior: 'deny', message: 'The user does not allow this.' }),
    );
  },
);

test('a cancelled question ends the turn too', () => {
  expect(permissionResponse(question, 'cancelled')).toMatchObject({
    response: { response: { behavior: 'deny', interrupt: true } },
  });
});
