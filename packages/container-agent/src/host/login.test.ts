import { expect, test } from 'vitest';
import { loginEnvironment } from './login.ts';

const person = { CLAUDE_CONFIG_DIR: '/home/ada/.config/claude', ANTHROPIC_API_KEY: 'not to be taken along' };

test('an instance has a login of its own', () => {
  expect(loginEnvironment('claude', 'instance', '/i/home', person)).toEqual({
    CLAUDE_CONFIG_DIR: '/i/home/.claude',
    CLAUDE_CODE_TMPDIR: '/i/home/.tmp',
  });
});

test("a person's login is the directory that the person uses, wherever that is", () => {
  expect(loginEnvironment('claude', 'person', '/i/home', person)).toEqual({
    CLAUDE_CONFIG_DIR: '/home/ada/.config/claude',
  });
  expect(loginEnvironment('claude', 'person', '/i/home', {})).toEqual({});
});

test('other programs know of no login', () => {
  expect(loginEnvironment('shell', 'instance', '/i/home', person)).toEqual({});
});
