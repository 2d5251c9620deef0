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

test('a record that it did not write is refused, and the field is named', () => {
  expect(() => asProcessRecord({ ...record, data: { ...data, instanceId: '../../../../x' } })).toThrow(
    expect.objectContaining({
      code: 'CCB_RECORD_INVALID',
      message: expect.stringMatching(/data\.instanceId .* the process backend/),
    }),
  );
  expect(() => asProcessRecord({ ...record, type: 'docker' })).toThrow(/docker/);
});
