import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dockerBackend } from '@ccb/docker-instance';
import { InstanceManager } from '@ccb/instance-manager';
import { processBackend } from '@ccb/process-instance';
import { tmuxBackend } from '@ccb/tmux-instance';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ensureTestImage } from '../../docker-instance/src/testing/test-image.ts';
import { describeFinding, examine, type Finding, hasProblem } from './index.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ccb-examined-'));
  vi.stubEnv('XDG_RUNTIME_DIR', root);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

const home = (): string => join(root, 'state');
const bare = (): InstanceManager =>
  new InstanceManager({ home: home(), backends: [processBackend({ home: home() }), tmuxBackend({ home: home() })] });

async function found(manager: InstanceManager, env: object = {}, image?: string): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const person = { PATH: '/usr/bin:/bin', HOME: root, ...env };
  for await (const finding of examine({ manager, env: person, image })) findings.push(finding);
  return findings;
}

function of(findings: readonly Finding[], area: string, name: string): Finding | undefined {
  return findings.find((finding) => finding.area === area && finding.name === name);
}

test('a machine with what is needed has no problem; what nobody asked for is not looked at', async () => {
  const findings = await found(bare());
  expect(hasProblem(findings)).toBe(false);
  expect(findings.map(({ area }) => area)).not.toContain('docker');
  expect(of(findings, 'home', 'leftovers')).toMatchObject({ status: 'ok' });
  expect(of(findings, 'claude', 'Claude Code')).toMatchObject({
    status: 'warning',
    fix: expect.stringContaining('npm'),
  });
});

test('Claude Code is asked for its version with a home of its own', async () => {
  const bin = join(root, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'claude'), '#!/bin/sh\ntouch "$HOME/touched"\necho "9.8.7 (Claude Code)"\n', { mode: 0o755 });
  expect(of(await found(bare(), { PATH: `${bin}:/usr/bin:/bin` }), 'claude', 'Claude Code')).toMatchObject({
    status: 'ok',
    message: `9.8.7 at ${bin}/claude`,
  });
  expect(readdirSync(root)).not.toContain('touched');
  writeFileSync(join(bin, 'claude'), '#!/bin/sh\nexit 1\n');
  expect(of(await found(bare(), { PATH: bin }), 'claude', 'Claude Code')).toMatchObject({ status: 'problem' });
});

test('a login is looked at from outside alone', async () => {
  mkdirSync(join(root, '.claude'));
  const file = join(root, '.claude', '.credentials.json');
  writeFileSync(file, 'not read', { mode: 0o600 });
  expect(of(await found(bare()), 'claude', 'login')).toMatchObject({ status: 'ok' });
  chmodSync(file, 0o644);
  expect(of(await found(bare()), 'claude', 'login')).toMatchObject({ status: 'warning', fix: `chmod 600 ${file}` });
});

test('what is left over, and what cannot be read, comes with the command that mends it', async () => {
  const manager = bare();
  await (await manager.create({ type: 'process', name: 'loose', ephemeral: true })).detach();
  mkdirSync(join(home(), 'instances', 'broken'));
  writeFileSync(join(home(), 'instances', 'broken', 'instance.json'), '{');
  const findings = await found(manager);
  expect(of(findings, 'home', 'leftovers')).toMatchObject({ status: 'warning', fix: 'ccb prune' });
  const record = of(findings, 'home', 'record') as Finding;
  expect(record).toMatchObject({ status: 'problem', fix: 'ccb rm -f broken' });
  expect(hasProblem(findings)).toBe(true);
  expect(describeFinding(record, { color: false })).toMatch(/^PROBLEM {2}home: record .*\n {9}-> ccb rm -f broken$/);
  expect(readdirSync(join(home(), 'instances')).sort()).toEqual(['broken', 'loose']);
});

test('a home that others can write, and one that is none, are told', async () => {
  mkdirSync(home());
  chmodSync(home(), 0o777);
  expect(of(await found(bare()), 'home', 'directory')).toMatchObject({
    status: 'warning',
    fix: `chmod go-w ${home()}`,
  });
  rmSync(home(), { recursive: true });
  writeFileSync(home(), '');
  const findings = await found(bare());
  expect(of(findings, 'home', 'directory')).toMatchObject({ status: 'problem' });
});

test('without an engine the rest is looked at all the same', async () => {
  vi.stubEnv('DOCKER_HOST', `unix://${join(root, 'nobody.sock')}`);
  const manager = new InstanceManager({
    home: home(),
    backends: [processBackend({ home: home() }), dockerBackend({ home: home() })],
  });
  const findings = await found(manager);
  expect(of(findings, 'docker', 'engine')).toMatchObject({
    status: 'warning',
    fix: expect.stringContaining('systemctl'),
  });
  expect(of(findings, 'docker', 'round trip')).toMatchObject({
    status: 'warning',
    message: 'not tried: no engine answers',
  });
  expect(of(findings, 'process', 'bash')).toMatchObject({ status: 'ok' });
});

test('a container is really made, talked to and removed', async () => {
  const image = await ensureTestImage();
  const manager = new InstanceManager({ home: home(), backends: [dockerBackend({ home: home() })] });
  const findings = await found(manager, {}, image);
  expect(of(findings, 'docker', 'round trip')).toMatchObject({
    status: 'ok',
    message: expect.stringMatching(/^20 commands .* ms each/),
  });
  expect(of(findings, 'docker', 'transport')).toMatchObject({
    status: 'ok',
    message: expect.stringContaining('FIFOs'),
  });
  expect(readdirSync(join(home(), 'instances'))).toEqual([]);
  expect((await manager.discover()).filter(({ ours }) => ours)).toEqual([]);
});
