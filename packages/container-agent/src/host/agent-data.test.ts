import { expect, test } from 'vitest';
import { assertNamed, parseAgentData } from './agent-data.ts';

const data = {
  directory: '/h/instances/box',
  instanceId: '0123-4567',
  programArgs: [],
  secrets: ['TOKEN'],
  login: 'person',
  ephemeral: false,
};
const record = {
  version: 1 as const,
  name: 'box',
  type: 'moon',
  createdAt: '2026-01-02T03:04:05.678Z',
  program: 'shell',
  data,
};

test("what every backend with an agent writes down is read, and the backend's own is left to it", () => {
  expect(parseAgentData(record, 'moon')).toEqual(data);
  expect(parseAgentData({ ...record, data: { ...data, crater: 7 } }, 'moon')).toEqual(data);
  const stall = { afterMs: 5_000, limitsMs: { unfinished: 60_000 } };
  expect(parseAgentData({ ...record, data: { ...data, stall } }, 'moon')).toEqual({ ...data, stall });
  expect(parseAgentData({ ...record, data: { ...data, login: undefined } }, 'moon').login).toBe('instance');
});

test.each([
  ['directory', 'relative'],
  ['directory', '/h/instances/../../etc'],
  ['directory', 7],
  ['instanceId', 'x'],
  ['instanceId', '../../../../x'],
  ['programArgs', 'x'],
  ['secrets', ['A=B']],
  ['secrets', 'TOKEN'],
  ['login', 'theirs'],
  ['ephemeral', 'no'],
  ['stall', null],
  ['stall', { afterMs: '5' }],
])('data.%s: %j is invalid, and named with the backend', (field, value) => {
  const reading = () => parseAgentData({ ...record, data: { ...data, [field]: value } }, 'moon');
  expect(reading).toThrow(expect.objectContaining({ code: 'CCB_RECORD_INVALID', instance: 'box' }));
  expect(reading).toThrow(field);
  expect(reading).toThrow('the moon backend');
});

test.each([undefined, null, 'x'])('data that is %j is invalid', (value) => {
  expect(() => parseAgentData({ ...record, data: value }, 'moon')).toThrow(
    expect.objectContaining({ code: 'CCB_RECORD_INVALID' }),
  );
});

test('a record of another type is refused', () => {
  expect(() => parseAgentData(record, 'sun')).toThrow(/is of type moon, not sun/);
});

test('a variable that the record does not name is refused, and its value is not told', () => {
  expect(() => assertNamed('box', ['A', 'B'], { B: 'x' })).not.toThrow();
  expect(() => assertNamed('box', ['A', 'B'], { B: 'x', C: 'hush' })).toThrow(
    new TypeError('box: it was created with A, B, and not with C. Leave it out, or create another instance.'),
  );
  expect(() => assertNamed('box', [], { C: 'hush' })).toThrow(/no variables/);
});
