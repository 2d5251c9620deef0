import { rmSync } from 'node:fs';
import type { PermissionAnswer, PermissionRequest } from '@ccb/instance-interface';
import { beforeEach, expect, test } from 'vitest';
import type { ControlFrame, PermissionFrame } from '../protocol/frames.ts';
import { Rig, settle } from './testing/rig.ts';

const options = [
  { optionId: 'yes', name: 'Yes', kind: 'allow_once' },
  { optionId: 'ever', name: 'Always', kind: 'allow_always' },
  { optionId: 'no', name: 'No', kind: 'reject_once' },
] as const;
const question = (requestId = 'r'): PermissionRequest => ({ requestId, toolCall: { title: 'rm -r build' }, options });
const said = (answer: PermissionAnswer, changes: Partial<PermissionFrame> = {}): PermissionFrame => ({
  type: 'permission',
  id: 'a',
  requestId: 'r',
  answer,
  by: 'handler',
  ...changes,
});

let rig: Rig;
let told: ControlFrame[];

beforeEach(() => {
  rig = new Rig();
  told = [];
  rig.tell = (frame) => told.push(frame);
});

async function running(permission?: 'deny' | 'allow' | 'ask'): Promise<void> {
  rig.turns.submit({ type: 'command', id: 'a', text: 'text', permission });
  await settle();
}

/** What the journal says of questions. */
function journaled(): readonly object[] {
  return rig.frames.flatMap((frame) =>
    frame.type === 'event' && frame.event.type.startsWith('permission_') ? [frame.event] : [],
  );
}

/** Answers as they come. */
function asking(...requests: readonly PermissionRequest[]): readonly (PermissionAnswer | undefined)[] {
  const answers: (PermissionAnswer | undefined)[] = requests.map(() => undefined);
  requests.forEach((request, index) => {
    void rig.driver.turn.ask(request).then((answer) => {
      answers[index] = answer;
    });
  });
  return answers;
}

test.each([
  [undefined, 'reject_once', 'no'],
  ['deny', 'reject_once', 'no'],
  ['allow', 'allow_once', 'yes'],
] as const)('a policy of %s is answered at once, without any host', async (policy, answer, optionId) => {
  await running(policy);
  expect(await rig.driver.turn.ask(question())).toBe(answer);
  expect(journaled()).toEqual([
    { type: 'permission_request', ...question() },
    { type: 'permission_resolved', requestId: 'r', optionId, by: 'policy' },
  ]);
  expect(told).toEqual([]);
});

test('a question is journaled and on its way to the reader before the host is asked', async () => {
  await running('ask');
  let sent: unknown;
  rig.tell = () => {
    sent = rig.sent.at(-1);
  };
  asking(question());
  expect(sent).toMatchObject({ type: 'event', event: { type: 'permission_request', requestId: 'r' } });
});

test.each([
  ['allow_always', 'ever'],
  [{ optionId: 'no' }, 'no'],
  ['cancelled', undefined],
] as const)('the answer %j is journaled before the program gets it', async (answer, optionId) => {
  await running('ask');
  let seen: readonly object[] = [];
  const answered = rig.driver.turn.ask(question()).then((given) => {
    seen = journaled();
    return given;
  });
  expect(told).toEqual([{ type: 'asking', id: 'a', request: question() }]);
  expect(rig.turns.current?.asking).toBe(true);
  rig.turns.answer(said(answer));
  expect(await answered).toEqual(answer);
  expect(seen.at(-1)).toEqual({
    type: 'permission_resolved',
    requestId: 'r',
    ...(optionId !== undefined && { optionId }),
    by: 'handler',
  });
  expect(rig.turns.current?.asking).toBe(false);
});

test.each(['reject_always', { optionId: 'sudo' }, { optionId: '__proto__' }] as const)(
  'the answer %j, which was not offered, is a denial',
  async (answer) => {
    await running('ask');
    const answers = asking(question());
    rig.turns.answer(said(answer));
    await settle();
    expect(answers).toEqual(['reject_once']);
    expect(journaled().at(-1)).toMatchObject({ optionId: 'no', by: 'policy' });
    expect(rig.logged).toContain('permission.not_offered');
  },
);

test('the first answer counts, and one to nothing that was asked changes nothing', async () => {
  await running('ask');
  rig.turns.answer(said('allow_once'));
  const answers = asking(question());
  rig.turns.answer(said('allow_once', { requestId: 'other' }));
  rig.turns.answer(said('allow_once', { id: 'b' }));
  await settle();
  expect(answers).toEqual([undefined]);
  rig.turns.answer(said('reject_once'));
  rig.turns.answer(said('allow_once'));
  await settle();
  expect(answers).toEqual(['reject_once']);
  expect(journaled()).toHaveLength(2);
  expect(rig.logged.filter((event) => event.startsWith('permission.'))).toEqual([
    'permission.not_asked',
    'permission.not_asked',
    'permission.too_late',
    'permission.not_asked',
  ]);
});

test('several questions are open at once, each with an answer of its own', async () => {
  await running('ask');
  const answers = asking(question('one'), question('two'), question('three'));
  rig.turns.answer(said('allow_once', { requestId: 'two' }));
  rig.turns.answer(said('reject_once', { requestId: 'one' }));
  await settle();
  expect(answers).toEqual(['reject_once', 'allow_once', undefined]);
  const again: ControlFrame[] = [];
  rig.turns.current?.questions.repeat((frame) => again.push(frame));
  expect(again).toEqual([{ type: 'asking', id: 'a', request: question('three') }]);
});

test.each<readonly [string, () => void]>([
  ['a cancel', () => rig.turns.cancel('a', 'cancelled')],
  ['a deadline', () => rig.turns.cancel('a', 'timeout')],
  ['an interrupt', () => void rig.turns.interrupt()],
  ['a stop', () => void rig.turns.stop(10)],
  ['the end', () => rig.driver.turn.end()],
  ['the death of the program', () => rig.driver.die()],
])('%s cancels what is open, in the journal before the end', async (_, happens) => {
  await running('ask');
  const answers = asking(question('one'), question('two'));
  rig.driver.onInterrupt = () => rig.driver.turn.end();
  happens();
  await settle();
  expect(answers).toEqual(['cancelled', 'cancelled']);
  expect(journaled().slice(2)).toEqual(
    ['one', 'two'].map((requestId) => ({ type: 'permission_resolved', requestId, by: 'cancelled' })),
  );
  expect(rig.frames.at(-1)).toMatchObject({ type: 'end', id: 'a' });
  rig.turns.answer(said('allow_once', { requestId: 'one' }));
  expect(journaled()).toHaveLength(4);
});

test('a question of a command that is to end is cancelled, in the journal too, and nobody is asked', async () => {
  await running('ask');
  rig.turns.cancel('a', 'cancelled');
  expect(await rig.driver.turn.ask(question())).toBe('cancelled');
  await settle();
  expect(journaled()).toMatchObject([{ requestId: 'r' }, { requestId: 'r', by: 'cancelled' }]);
  rig.driver.turn.end();
  await settle();
  expect(await rig.driver.turn.ask(question('late'))).toBe('cancelled');
  expect(journaled()).toHaveLength(2);
  expect(told).toEqual([]);
});

test('what no host could read is not asked, and does not spoil the journal', async () => {
  await running('ask');
  const twice = [options[0], options[0]];
  expect(await rig.driver.turn.ask({ ...question(), options: twice })).toBe('cancelled');
  expect(await rig.driver.turn.ask({ ...question(), toolCall: { title: 'x'.repeat(70_000) } })).toBe('cancelled');
  const answers = asking(question(), question());
  await settle();
  expect(answers).toEqual([undefined, 'cancelled']);
  expect(journaled()).toHaveLength(1);
  expect(rig.logged.filter((event) => event === 'permission.unaskable')).toHaveLength(3);
});

test('a program that runs wild has a hundred open questions and no more', async () => {
  await running('ask');
  const answers = asking(...Array.from({ length: 101 }, (_, index) => question(`r${index}`)));
  await settle();
  expect([answers.filter((answer) => answer === undefined).length, answers.at(-1)]).toEqual([100, 'cancelled']);
});

test('a program may use the id of an answered question again', async () => {
  await running('ask');
  for (const answer of ['allow_once', 'reject_once'] as const) {
    const answered = rig.driver.turn.ask(question());
    rig.turns.answer(said(answer));
    expect(await answered).toBe(answer);
  }
});

test('a permission that cannot be journaled is none', async () => {
  rig = new Rig({ journal: { segmentBytes: 200 } });
  rig.turns.submit({ type: 'command', id: 'a', text: 'x'.repeat(300), permission: 'ask' });
  await settle();
  // Each line needs a segment of its own: the question's is there, the answer's cannot be made.
  const answers = asking(question());
  rmSync(rig.directory, { recursive: true });
  rig.turns.answer(said('allow_once'));
  await settle();
  expect(answers).toEqual(['cancelled']);
  expect(rig.driver.asked.at(-1)).toBe('interrupt');
});
