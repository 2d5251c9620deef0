import type { InstanceRecord } from '@ccb/instance-interface';
import { expect, test } from 'vitest';
import { refuseOtherOrigin } from './origin.ts';
import type { Flags } from './settings.ts';

const record: InstanceRecord = {
  version: 1,
  name: 'work',
  type: 'process',
  createdAt: '2026-01-01T00:00:00.000Z',
  program: 'shell',
  workspace: '/tmp',
  data: { login: 'person' },
};

const contained: InstanceRecord = {
  ...record,
  type: 'docker',
  data: { login: 'instance', imageName: 'ccb/claude', transport: 'auto', network: 'none', user: '1000:1000' },
};

test('a container can be opened with what it was made with, and with nothing else', () => {
  const same = { image: 'ccb/claude', transport: 'auto', network: 'none', user: '1000:1000' } as const;
  expect(() => refuseOtherOrigin(same, contained)).not.toThrow();
  expect(() => refuseOtherOrigin({ network: 'bridge' }, contained)).toThrow('--network was none when "work"');
  expect(() => refuseOtherOrigin({ user: '0' }, contained)).toThrow('--user was 1000:1000 when "work"');
});

test.each([
  {},
  { program: 'shell', backend: 'process', workspace: '/tmp/' },
  { env: ['A=1'], timeout: '5m' },
  { login: 'person' },
] satisfies Flags[])('an instance can be opened with %o', (flags) => {
  expect(() => refuseOtherOrigin(flags, record)).not.toThrow();
});

test.each([
  { program: 'claude' },
  { backend: 'docker' },
  { workspace: '/' },
  { programArg: ['-x'] },
  { image: 'x' },
  { login: 'instance' },
] satisfies Flags[])('an instance that was made otherwise is not opened with %o', (flags) => {
  expect(() => refuseOtherOrigin(flags, record)).toThrow('when "work" was created. Leave it out');
});
