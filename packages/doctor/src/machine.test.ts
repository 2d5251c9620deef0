import { expect, test } from 'vitest';
import { nodeVersion, openFiles } from './machine.ts';

test.each([
  ['20.19.0', 'ok'],
  ['20.18.9', 'problem'],
  ['18.20.4', 'problem'],
  ['22.0.0', 'ok'],
  ['26.1.0', 'ok'],
] as const)('Node %s is %s', (version, status) => {
  expect(nodeVersion(version)).toMatchObject({ status });
});

test.each([
  ['Max open files            1024                 524288               files', 'ok'],
  ['Max open files            256                  4096                 files', 'warning'],
  ['Max open files            unlimited            unlimited            files', 'ok'],
  [undefined, 'warning'],
] as const)('of %j the limit of open files is %s', (limits, status) => {
  expect(openFiles(limits)).toMatchObject({ status });
});

test('a low limit comes with the command that raises it', () => {
  expect(openFiles('Max open files 256 4096 files').fix).toBe('ulimit -n 4096');
});
