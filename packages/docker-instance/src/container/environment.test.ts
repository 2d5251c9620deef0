import { expect, test } from 'vitest';
import { settingsEnvironment } from './environment.ts';

const paths = { home: '/ccb/home' };
const own = { HOME: '/ccb/home', TMPDIR: '/tmp', TERM: 'dumb', LANG: 'C.UTF-8' };

test('the program has what its image says, and the instance’s home', () => {
  const container = ['PATH=/opt/bin:/bin', 'JAVA_HOME=/opt/java', 'OPTS=a=b', 'HOME=/root', 'TERM=xterm', 'BROKEN'];
  expect(settingsEnvironment({ container, adopted: false, program: 'shell', paths })).toEqual({
    ...own,
    PATH: '/opt/bin:/bin',
    JAVA_HOME: '/opt/java',
    OPTS: 'a=b',
  });
});

test('of a container of somebody else it has paths and language alone', () => {
  const container = ['PATH=/opt/bin', 'POSTGRES_PASSWORD=hush', 'LANG=de_DE.UTF-8', 'LC_ALL=C', 'TZ=Europe/Berlin'];
  expect(settingsEnvironment({ container, adopted: true, program: 'shell', paths })).toEqual({
    ...own,
    PATH: '/opt/bin',
    LANG: 'de_DE.UTF-8',
    LC_ALL: 'C',
    TZ: 'Europe/Berlin',
  });
});

test('an image that says nothing has the usual paths', () => {
  expect(settingsEnvironment({ container: [], adopted: false, program: 'shell', paths })).toEqual({
    ...own,
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  });
});

test('Claude Code keeps its login and its temporary files in the instance', () => {
  expect(settingsEnvironment({ container: [], adopted: false, program: 'claude', paths })).toMatchObject({
    CLAUDE_CONFIG_DIR: '/ccb/home/.claude',
    CLAUDE_CODE_TMPDIR: '/ccb/home/.tmp',
  });
});
