import { expect, it } from 'vitest';
import { driverFactory } from './catalogue.ts';
import { driverNames } from './names.ts';

it('knows its programs by name', async () => {
  expect(driverNames).toContain('shell');
  for (const name of driverNames) expect(await driverFactory(name)).toBeTypeOf('function');
});

it('names the known programs when asked for another', async () => {
  await expect(driverFactory('toString')).rejects.toMatchObject({
    code: 'CCB_PROGRAM_NOT_FOUND',
    message: expect.stringMatching(/"toString".*echo, shell/),
  });
});
