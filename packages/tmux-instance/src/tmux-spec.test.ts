import { expect, test } from 'vitest';
import { recordedCompletion, restoredCompletion } from './completion/recorded-completion.ts';
import { asTmuxRecord } from './tmux-data.ts';
import { parseTmuxSpec } from './tmux-spec.ts';

const spec = { type: 'tmux', name: 'box' };

test.each([
  [{ ...spec, argv: [] }, 'argv must be a list'],
  [{ ...spec, argv: ['cat'] }, 'completion is needed with argv and adopt'],
  [{ ...spec, completion: ['exit'] }, 'the known programs say their end'],
  [{ ...spec, argv: ['cat'], completion: [] }, 'completion must be a list of'],
  [{ ...spec, argv: ['cat'], completion: ['claude-hooks'] }, "comes with program: 'claude'"],
  [{ ...spec, argv: ['cat'], completion: [{ promptRegex: '(' }] }, 'is no regular expression'],
  [{ ...spec, argv: ['cat'], completion: [{ quiescenceMs: 0 }] }, 'a number of ms'],
  [{ ...spec, argv: ['cat'], completion: [{ name: 'own' }] }, 'which is none of'],
  [{ ...spec, socket: 'relative' }, 'socket must be an absolute path'],
  [{ ...spec, takeover: 'maybe' }, "'wait', 'refuse' or 'ignore'"],
  [{ ...spec, adopt: { session: 'mine' }, completion: ['exit'] }, 'adopt needs socket'],
  [{ ...spec, socket: '/s', adopt: { session: 'a:b' }, completion: ['exit'] }, 'adopt.session must be'],
  [{ ...spec, pane: 1 }, 'pane is no option'],
])('%j is a mistake of the caller', (value, message) => {
  expect(() => parseTmuxSpec(value)).toThrow(TypeError);
  expect(() => parseTmuxSpec(value)).toThrow(message);
});

test('choices survive a record; a detector of a user’s own by its name', () => {
  const own = { name: 'own', inferred: false, feed: () => undefined };
  const choices = ['exit', { promptRegex: '^> $' }, { quiescenceMs: 9 }, own] as const;
  const recorded = JSON.parse(JSON.stringify(recordedCompletion(choices)));
  expect(recorded).toEqual(['exit', { promptRegex: '^> $' }, { quiescenceMs: 9 }, { detector: 'own' }]);
  expect(restoredCompletion(recorded, [own])).toEqual(choices);
  expect(() => restoredCompletion(recorded, undefined)).toThrow('give it in completion again');
});

const data = {
  directory: '/home/instances/box',
  instanceId: '00000000-0000',
  programArgs: [],
  secrets: [],
  ephemeral: false,
  socket: '/run/s',
  owner: 'ours',
  session: 'ccb-box',
  takeover: 'wait',
};
const record = {
  version: 1,
  name: 'box',
  type: 'tmux',
  createdAt: '2026-01-01T00:00:00.000Z',
  program: 'shell',
  data,
} as const;

test('a record is read back, and each broken field is named', () => {
  expect(asTmuxRecord(record).data).toEqual({ ...data, login: 'instance', adopted: false });
  for (const [field, value] of Object.entries({
    socket: 's',
    owner: 'me',
    session: '',
    takeover: 1,
    argv: [],
    completion: [{}],
  }))
    expect(() => asTmuxRecord({ ...record, data: { ...data, [field]: value } }), field).toThrow(`data.${field}`);
});
