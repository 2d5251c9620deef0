import { expect, it } from 'vitest';
import { driverFactory, driverNames } from './catalogue.ts';

it('knows its programs by name', () => {
  expect(driverNames).toContain('shell');
  for (const name of driverNames) expect(driverFactory(name)).toBeTypeOf('function');
});

it('names the known programs when asked for another', () => {
  expect(() => driverFactory('toString')).toThrow(
    expect.objectContaining({
      code: 'CCB_PROGRAM_NOT_FOUND',
      message: expect.stringMatching(/"toString".*echo, shell/),
    }),
  );
});
