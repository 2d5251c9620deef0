import { spawnSync } from 'node:child_process';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

const packages = [
  'instance-interface',
  'named-pipe',
  'container-agent',
  'process-instance',
  'docker-instance',
  'tmux-instance',
  'conformance',
  'instance-manager',
  'acp',
  'doctor',
].map((name) => `packages/${name}`);
const roots = [...packages, 'apps/bridge'];
// Replaces Vite's defaults, so they are named again.
const conditions = ['@ccb/source', 'module', 'node', 'development|production'];
const source = { ssr: { resolve: { conditions } } };
const name = (root: string): string => root.slice(root.lastIndexOf('/') + 1);
// Without tmux its tests are not here, and the last line says so; in continuous integration that is a failure of theirs.
const hasTmux = process.env.CI === 'true' || spawnSync('tmux', ['-V']).status === 0;
if (!hasTmux) process.once('exit', () => console.error('tmux is not installed: its tests were not run.'));
// scripts/podman-service.sh says where one is.
const podmanSocket = process.env.CCB_PODMAN_SOCKET;
const podman = (socket: string) => ({
  ...source,
  root: 'packages/docker-instance',
  test: {
    name: 'podman',
    include: ['src/podman/conformance.*.ts'],
    env: { DOCKER_HOST: `unix://${socket}` },
    fileParallelism: false,
    maxWorkers: 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    sequence: { groupOrder: 3 },
  },
});

const config: ViteUserConfig = defineConfig({
  test: {
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts', 'apps/*/src/**/*.ts'],
      // The fakes and the mutants run in processes of their own, from what was built.
      exclude: ['**/*.test.ts', '**/testing/**', '**/main.ts', '**/cli.ts', '**/fake-claude/**', '**/mutants/**'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { lines: 90, branches: 85 },
    },
    projects: [
      ...roots.map((root) => ({
        ...source,
        root,
        test: {
          name: `unit:${name(root)}`,
          include: ['src/**/*.test.ts'],
          exclude: ['src/**/*.integration.test.ts'],
        },
      })),
      ...roots
        .filter((root) => hasTmux || !root.endsWith('/tmux-instance'))
        .map((root) => ({
          ...source,
          root,
          test: {
            name: `integration:${name(root)}`,
            include: ['src/**/*.integration.test.ts'],
            maxWorkers: 3,
            testTimeout: 60_000,
            hookTimeout: 60_000,
            sequence: { groupOrder: 1 },
          },
        })),
      {
        // As users have them: the built packages.
        root: 'examples',
        test: {
          name: 'integration:examples',
          include: ['*.integration.test.ts'],
          maxWorkers: 3,
          testTimeout: 90_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // As npm gives them: packed, and installed outside of this workspace.
        root: 'consumers',
        test: {
          name: 'integration:consumers',
          include: ['*.integration.test.ts'],
          maxWorkers: 3,
          testTimeout: 120_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...source,
        root: 'campaigns',
        test: {
          name: 'campaigns',
          include: ['*.test.ts'],
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
      ...(podmanSocket ? [podman(podmanSocket)] : []),
    ],
  },
});

export default config;
