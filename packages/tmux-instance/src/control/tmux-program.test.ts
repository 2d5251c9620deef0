import { expect, test } from 'vitest';
import { isOldEnough, tmuxVersion } from './tmux-program.ts';

test.each([
  ['3.3a', true],
  ['3.2', true],
  ['next-3.6', true],
  ['4.0', true],
  ['openbsd-7.4', true],
  ['3.1c', false],
  ['2.9', false],
])('%s will do: %s', (version, enough) => {
  expect(isOldEnough(version)).toBe(enough);
});

test('a missing tmux says how to get one', async () => {
  await expect(tmuxVersion({ PATH: '/nowhere' })).rejects.toMatchObject({
    code: 'CCB_BACKEND_UNREACHABLE',
    message: expect.stringContaining('apt-get install tmux'),
  });
});
