import { expect, test } from 'vitest';
import { asProcessRecord } from './process-data.ts';

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
  type: 'process',
  createdAt: '2026-01-02T03:04:05.678Z',
  program: 'shell',
  data,
};

test('a record that this backend wrote is read', () => {
  expect(asProcessRecord(record)).toEqual(record);
  const stalling = { ...record, data: { ...data, stall: { afterMs: 5_000, limitsMs: { unfinished: 60_000 } } } };
  expect(asProcessRecord(stalling)).toEqual(stalling);
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
])('data.%s: %j is invalid, and named', (field, value) => {
  expect(() => asProcessRecord({ ...record, data: { ...data, [field]: value } })).toThrow(
    expect.objectContaining({ code: 'CCB_RECORD_INVALID', message: expect.stringContaining(field) }),
  );
});

test.each([undefined, null, 'x'])('data that is %j is invalid', (value) => {
  expect(() => asProcessRecord({ ...record, data: value })).toThrow(
    expect.objectContaining({ code: 'CCB_RECORD_INVALID' }),
  );
});

test('a record of another type is refused', () => {
  expect(() => asProcessRecord({ ...record, type: 'docker' })).toThrow(/docker/);
});
