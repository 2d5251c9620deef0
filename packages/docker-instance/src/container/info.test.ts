import { expect, test } from 'vitest';
import { dockerInfo } from './info.ts';
import { inspectionOf } from './testing/inspection.ts';

const found = inspectionOf({
  env: ['POSTGRES_PASSWORD=hush'],
  state: { status: 'running', running: true, exitCode: 0, startedAt: '2026-01-02T03:04:06.000Z', health: 'healthy' },
  restartCount: 2,
  mounts: [{ type: 'bind', source: '/w', target: '/workspace', readOnly: false }],
  ports: [{ container: 80, host: 8080, hostIp: '127.0.0.1', protocol: 'tcp' }],
  networks: { mine: { address: '172.18.0.2', gateway: '172.18.0.1', aliases: ['box'] } },
  labels: { 'ccb.name': 'box' },
  limits: { memoryBytes: 4096, cpus: 2, pids: 512 },
});

test('tells of a container what a person asks for', () => {
  const usage = { memoryBytes: 100, cpuPercent: 1.5, pids: 7 };
  const image = { id: 'sha256:1', digest: 'ccb/claude@sha256:2', labels: {}, user: '' };
  expect(dockerInfo(found, image, usage)).toEqual({
    id: found.id,
    name: 'ccb-box',
    image: 'ccb/claude',
    imageDigest: 'ccb/claude@sha256:2',
    status: 'running',
    health: 'healthy',
    oomKilled: false,
    restartCount: 2,
    createdAt: '2026-01-02T03:04:05.678Z',
    startedAt: '2026-01-02T03:04:06.000Z',
    ports: [{ container: 80, host: 8080, hostIp: '127.0.0.1', protocol: 'tcp' }],
    volumes: [{ source: '/w', target: '/workspace', readOnly: false }],
    networks: { mine: { address: '172.18.0.2' } },
    labels: { 'ccb.name': 'box' },
    limits: { memoryBytes: 4096, cpus: 2, pids: 512 },
    usage,
  });
});

test('the environment, where somebody else may keep secrets, is not told', () => {
  expect(JSON.stringify(dockerInfo(found))).not.toContain('hush');
});

test('an exit code is that of an end', () => {
  expect(dockerInfo(found).exitCode).toBeUndefined();
  expect(dockerInfo(inspectionOf()).exitCode).toBeUndefined();
  expect(dockerInfo(inspectionOf({ state: { status: 'exited', exitCode: 0 } })).exitCode).toBe(0);
});
