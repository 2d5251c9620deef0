import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InstanceError, parseRecord } from './index.ts';

const record = {
  version: 1,
  name: 'work',
  type: 'process',
  createdAt: '2026-01-02T03:04:05.000Z',
  program: 'claude',
  workspace: '/home/me/project',
  data: { directory: '/x' },
};

function errorOf(value: unknown): InstanceError {
  try {
    parseRecord(value);
  } catch (error) {
    if (InstanceError.is(error, 'CCB_RECORD_INVALID')) return error;
    throw error;
  }
  throw new Error('the record was accepted');
}

describe('parseRecord', () => {
  test('gives back what was persisted', () => {
    expect(parseRecord(JSON.parse(JSON.stringify(record)))).toEqual(record);
  });

  test('a record without version is of version 0, and is migrated', () => {
    const { version: _, ...old } = record;
    expect(parseRecord(old)).toEqual(record);
    expect(parseRecord({ ...old, version: 0 })).toEqual(record);
  });

  test('a record of tomorrow asks for an upgrade', () => {
    expect(errorOf({ ...record, version: 2 }).message).toMatch(/record\.version is 2.*reads up to 1.*Upgrade ccb/);
  });

  test.each([
    ['record', []],
    ['record', null],
    ['record', 'work'],
    ['record.version', { ...record, version: '1' }],
    ['record.version', { ...record, version: -1 }],
    ['record.version', { ...record, version: 1.5 }],
    ['record.version', { ...record, version: null }],
    ['record.name', { ...record, name: '../etc' }],
    ['record.name', { ...record, name: undefined }],
    ['record.type', { ...record, type: '' }],
    ['record.createdAt', { ...record, createdAt: 'yesterday' }],
    ['record.createdAt', { ...record, createdAt: 5 }],
    ['record.program', { ...record, program: 7 }],
    ['record.workspace', { ...record, workspace: '' }],
    ['record.data', { version: 1, name: 'a', type: 't', createdAt: record.createdAt, program: 'p' }],
  ])('says that %s is wrong in %j', (path, value) => {
    expect(errorOf(value).message).toMatch(new RegExp(`^${path.replace('.', '\\.')} `));
  });

  test('fields that it does not know survive, and so does data of an unknown type', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (extra, data) => {
        const whole = JSON.parse(JSON.stringify({ ...extra, ...record, type: 'from-the-future', data }));
        expect(JSON.stringify(parseRecord(whole))).toBe(JSON.stringify(whole));
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
