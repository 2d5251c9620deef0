import { instanceLayout } from '@ccb/container-agent';
import { expect, test } from 'vitest';
import type { AccessPlan } from './access-plan.ts';
import type { HostUser, Permissions } from './container-user.ts';
import { assertInstanceFit } from './fit.ts';
import { planUser, type UserWishes } from './user.ts';

const root: HostUser = { uid: 0, gid: 0, groups: [0] };
const me: HostUser = { uid: 501, gid: 20, groups: [20, 80] };
const layout = instanceLayout('/h/instances/box', 'box');

function directory(uid: number, gid: number, mode = 0o755): Permissions {
  return { uid, gid, mode: 0o040000 | mode };
}

function plan(host: HostUser, workspace: Permissions, spec: Partial<UserWishes> = {}, rootless = false): AccessPlan {
  const stat = (path: string): Permissions | undefined => (path === '/w' ? workspace : undefined);
  return planUser({ spec: { name: 'box', workspace: '/w', ...spec }, layout, about: { rootless }, host, stat });
}

test.each([
  ['root, and the workspace of somebody', root, directory(1001, 50), {}, false, '1001:50'],
  ['root, and a workspace of root that all can write', root, directory(0, 0, 0o777), {}, false, '1000:1000'],
  ['a user, and the own workspace', me, directory(501, 20), {}, false, '501:20'],
  ['a user, and a workspace of another that all can write', me, directory(7, 7, 0o777), {}, false, '501:20'],
  ['a rootless engine', me, directory(501, 20), {}, true, '0:0'],
  ['root asked for by number', root, directory(0, 0), { user: '0:0' }, false, '0:0'],
  ['root asked for by name', root, directory(0, 0), { user: 'root' }, false, '0:0'],
  ["a uid that is the workspace's", root, directory(1001, 50), { user: '1001' }, false, '1001:50'],
  ["a uid that is the caller's", me, directory(7, 7, 0o777), { user: '501' }, false, '501:20'],
  ['a uid of nobody', root, directory(0, 0, 0o777), { user: '1234' }, false, '1234:1234'],
  ['both numbers', root, directory(0, 60, 0o775), { user: '1234:60' }, false, '1234:60'],
])('%s: the program is the user that fits', (_what, host, workspace, spec, rootless, user) => {
  expect(plan(host, workspace, spec, rootless).user).toBe(user);
});

test('root hands over what is the program’s, and shares the rest by its group', () => {
  const { directories, files, groupAdd } = plan(root, directory(1001, 50));
  expect(groupAdd).toEqual([]);
  expect(directories).toEqual([
    { path: layout.pipesDirectory, uid: 0, gid: 50, mode: 0o2750 },
    { path: layout.agentDirectory, uid: 0, gid: 50, mode: 0o2750 },
    { path: layout.state, uid: 1001, gid: 50, mode: 0o700 },
    { path: layout.home, uid: 1001, gid: 50, mode: 0o700 },
  ]);
  expect(files.map(({ uid, gid, mode }) => [uid, gid, mode])).toEqual([
    [0, 50, 0o640],
    [0, 50, 0o640],
  ]);
});

test('a caller who is the program keeps everything for himself', () => {
  for (const rootless of [false, true]) {
    const { directories, groupAdd } = plan(me, directory(501, 20), {}, rootless);
    expect(groupAdd).toEqual([]);
    expect(new Set(directories.map(({ uid, gid, mode }) => `${uid}:${gid} ${mode.toString(8)}`))).toEqual(
      new Set(['501:20 700']),
    );
  }
});

test('a supplementary group that the workspace needs goes along', () => {
  expect(plan(me, directory(7, 80, 0o770)).groupAdd).toEqual(['80']);
  expect(() => plan(me, directory(7, 81, 0o770))).toThrow(/cannot read, write, enter/);
});

test.each([
  ['another uid of a caller who is not root', me, { user: '502' }, false, /'501:20', or run ccb as root/],
  ['root of a caller who is not root', me, { user: '0:0' }, false, /'501:20'/],
  ['a subordinate uid in a rootless engine', me, { user: '1000' }, true, /'0:0'/],
])('%s shares no files, and is refused', (_what, host, spec, rootless, fix) => {
  expect(() => plan(host, directory(0, 0, 0o777), spec, rootless)).toThrow(
    expect.objectContaining({ code: 'CCB_NOT_SUPPORTED', message: expect.stringMatching(fix) }),
  );
});

test.each([
  ['read, write, enter', directory(0, 0, 0o700), {}],
  ['write', directory(0, 0, 0o755), {}],
  ['write', directory(1000, 1000, 0o577), { user: '1000' }],
  ['write', directory(5, 1000, 0o757), { user: '1000' }],
  // Without capabilities root is a user like others.
  ['read, write, enter', directory(5, 5, 0o700), { user: 'root' }],
])('a workspace that the program cannot %s is refused before anything is made', (what, workspace, spec) => {
  expect(() => plan(root, workspace, spec)).toThrow(
    expect.objectContaining({
      code: 'CCB_NOT_SUPPORTED',
      message: expect.stringMatching(new RegExp(`cannot ${what} its workspace /w .*chown -R`)),
    }),
  );
});

test('a workspace that is mounted read-only need not be writable', () => {
  const mounts = [{ source: '/w', target: '/workspace', readOnly: true }];
  expect(plan(root, directory(0, 0, 0o755), { mounts }).user).toBe('1000:1000');
  expect(() => plan(root, directory(0, 0, 0o755))).toThrow(/readOnly: true/);
  expect(() => plan(root, directory(0, 0, 0o700), { mounts })).toThrow(/cannot read, enter/);
});

test('root that keeps the capability is beyond permission bits', () => {
  const security = { capAdd: ['CAP_DAC_OVERRIDE'] };
  expect(plan(root, directory(5, 5, 0o700), { user: 'root', security }).user).toBe('0:0');
  expect(() => plan(root, directory(5, 5, 0o700), { user: '6', security })).toThrow(/cannot/);
});

test.each([
  ['a workspace that is not there', { workspace: '/gone' }, /workspace \/gone is no directory/],
  ['a mount that is not there', { mounts: [{ source: '/gone', target: '/x' }] }, /mounts\[0\]\.source \/gone/],
  ['a number that no engine takes', { user: '4294967295' }, /^docker: user/],
])('%s is a TypeError', (_what, spec, message) => {
  expect(() => plan(root, directory(1000, 1000), spec)).toThrow(TypeError);
  expect(() => plan(root, directory(1000, 1000), spec)).toThrow(message);
});

test('where no files are shared nobody’s permissions are looked at', () => {
  const scene = { layout, about: { rootless: false }, placement: 'injected' as const, host: me };
  const nothing = { groupAdd: [], directories: [], files: [] };
  expect(planUser({ ...scene, spec: { name: 'box', workspace: '/elsewhere' } })).toMatchObject({
    user: '1000:1000',
    ...nothing,
  });
  expect(planUser({ ...scene, spec: { name: 'box', user: '7:8' } })).toMatchObject({ user: '7:8', ...nothing });
});

test('a path of the instance that the program cannot use any more is named, with what sets it right', () => {
  const access = plan(root, directory(1001, 50));
  const good = new Map<string, Permissions>(
    [...access.directories, ...access.files].map((each) => [each.path, directory(each.uid, each.gid, each.mode)]),
  );
  const fifo = `${layout.pipes}.in.fifo`;
  good.set(fifo, { uid: 0, gid: 50, mode: 0o660 });
  const check = (path: string, found: Permissions): (() => void) => {
    const all = new Map(good).set(path, found);
    return () => assertInstanceFit('box', layout, access, (each) => all.get(each));
  };
  expect(check(layout.state, good.get(layout.state) as Permissions)).not.toThrow();
  expect(check(layout.state, directory(0, 0, 0o700))).toThrow(
    `cannot read, write, enter ${layout.state} (of 0:0, mode 0700). Set it right: chown 1001:50 ${layout.state} && chmod 700 ${layout.state}.`,
  );
  expect(check(layout.settings, directory(0, 0, 0o600))).toThrow(/cannot read .*settings\.json/);
  expect(check(fifo, directory(0, 0, 0o660))).toThrow(/cannot read, write .*in\.fifo .*made again/);
});
