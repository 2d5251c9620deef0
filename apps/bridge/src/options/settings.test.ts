import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { parseInstanceName } from './instance-name.ts';
import { type Flags, resolveSettings } from './settings.ts';

const resolve = (flags: Flags, interactive = false) =>
  resolveSettings(flags, { env: {}, directory: tmpdir(), interactive });

describe('resolveSettings', () => {
  test('starts a process in the current directory, without a limit, when nothing was typed', () => {
    expect(resolve({})).toMatchObject({
      backend: 'process',
      program: undefined,
      programArgs: [],
      workspace: tmpdir(),
      env: {},
      timeoutMs: undefined,
      json: false,
      home: undefined,
      keep: undefined,
    });
  });

  test('asks for permissions where a person is, and denies elsewhere', () => {
    expect(resolve({}, true).permission).toBe('ask');
    expect(resolve({}, false).permission).toBe('deny');
    expect(resolve({ permission: 'allow' }).permission).toBe('allow');
    expect(() => resolve({ permission: 'ask' })).toThrow('needs a terminal');
  });

  test('resolves directories from the current one', () => {
    expect(resolve({ workspace: '.', home: 'here' })).toMatchObject({ workspace: tmpdir(), home: `${tmpdir()}/here` });
  });

  test.each([
    [{ workspace: '/nowhere' }, 'is not a directory'],
    [{ workspace: '/dev/null' }, 'is not a directory'],
    [{ timeout: 'soon' }, 'not a duration'],
    [{ image: 'x' }, '--backend docker'],
    [{ transport: 'exec', backend: 'tmux' }, '--backend docker'],
    [{ network: 'none' }, '--network means nothing to the process backend. Add --backend docker'],
    [{ user: '1000' }, '--backend docker'],
    [{ login: 'person', backend: 'docker' }, '--login person is not there in a container'],
    [{ keep: 'Foo' }, 'cannot be the name'],
  ] satisfies [Flags, string][])('refuses %o', (flags, why) => {
    expect(() => resolve(flags)).toThrow(
      expect.objectContaining({ code: 'CCB_USAGE', message: expect.stringContaining(why) }),
    );
  });

  test('leaves the options of docker to docker', () => {
    const container = { image: 'x', transport: 'exec', network: 'none', user: '1000' } as const;
    expect(resolve({ ...container, backend: 'docker' })).toMatchObject({ backend: 'docker', container });
    expect(resolve({}).container).toEqual({});
  });
});

describe('parseInstanceName', () => {
  test.each(['a', '0', 'my-work_2', 'x'.repeat(63)])('takes %s', (name) => {
    expect(parseInstanceName(name)).toBe(name);
  });

  test.each(['', '-a', 'A', 'a/b', '..', 'x'.repeat(64), 'chat', 'rm', 'help'])('refuses "%s"', (name) => {
    expect(() => parseInstanceName(name)).toThrow(expect.objectContaining({ code: 'CCB_USAGE' }));
  });
});
