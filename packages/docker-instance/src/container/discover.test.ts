import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ContainerSummary, Engine } from '../engine/engine.ts';
import { discoverContainers } from './discover.ts';
import type { DockerData, DockerRecord } from './docker-data.ts';
import { sampleRecord } from './testing/record.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'ccb-discover-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function summary(name: string, parts: Partial<ContainerSummary> = {}): ContainerSummary {
  return {
    id: createHash('sha256').update(name).digest('hex'),
    name,
    image: 'busybox',
    labels: {},
    status: 'running',
    ...parts,
  };
}

/** An engine with these containers, and what runs in them; a failing look is an Error. */
function engineOf(
  containers: readonly ContainerSummary[],
  programs: Readonly<Record<string, readonly string[] | Error>> = {},
) {
  const looks: string[] = [];
  const engine = {
    listContainers: async () => containers,
    processes: async (id: string) => {
      const { name } = containers.find((each) => each.id === id) as ContainerSummary;
      looks.push(name);
      const lines = programs[name] ?? ['/bin/sh'];
      if (lines instanceof Error) throw lines;
      return lines;
    },
  } satisfies Partial<Engine>;
  return { engine: engine as unknown as Engine, looks };
}

function write(name: string, data: Partial<DockerData> = {}): DockerRecord {
  const directory = join(home, 'instances', name);
  const record = sampleRecord({ directory, instanceId: `id-of-${name}`, ...data }, { name });
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'instance.json'), JSON.stringify(record));
  return record;
}

function labelsOf({ name, data }: DockerRecord): Readonly<Record<string, string>> {
  return { 'ccb.instance': data.instanceId, 'ccb.name': name, 'ccb.directory': data.directory };
}

test('instances are found with what their containers do, also those without one', async () => {
  const [box, other] = [write('box'), write('other')];
  const { engine, looks } = engineOf([summary('ccb-box', { labels: labelsOf(box), status: 'exited' })]);
  expect(await discoverContainers(engine, home)).toEqual([
    { type: 'docker', name: 'box', record: box, description: 'shell, container ccb-box exited', ours: true },
    { type: 'docker', name: 'other', record: other, description: 'shell, no container', ours: true },
  ]);
  expect(looks).toEqual([]);
});

test('an adopted container is its instance, and is not offered again', async () => {
  const mine = summary('mine');
  const root = '/root/.ccb-box-0a1b2c3d';
  const own = { adopted: true, placement: 'injected', containerId: mine.id, containerName: 'mine', root } as const;
  const record = write('box', own);
  const { engine } = engineOf([mine], { mine: ['claude'] });
  expect(await discoverContainers(engine, home)).toMatchObject([
    { name: 'box', description: 'shell, container mine running, adopted', ours: true, record: { name: record.name } },
  ]);
});

test('a label alone makes nothing ours', async () => {
  const box = write('box');
  const elsewhere = { ...labelsOf(box), 'ccb.directory': '/somewhere/instances/box' };
  const gone = { ...labelsOf(box), 'ccb.instance': 'another-one', 'ccb.directory': join(home, 'instances', 'gone') };
  const { engine } = engineOf([summary('a', { labels: elsewhere }), summary('b', { labels: gone })]);
  const found = await discoverContainers(engine, home);
  expect(found.filter(({ ours }) => ours).map(({ description }) => description)).toEqual(['shell, no container']);
  expect(found.filter(({ ours }) => !ours)).toEqual([
    { type: 'docker', name: 'a', ours: false, description: expect.stringMatching(/another home, \/somewhere/) },
    { type: 'docker', name: 'b', ours: false, description: expect.stringMatching(/gone is gone.*docker rm -f b/) },
  ]);
});

test('a record that cannot be used is described', async () => {
  mkdirSync(join(home, 'instances', 'broken'), { recursive: true });
  writeFileSync(join(home, 'instances', 'broken', 'instance.json'), '{');
  const { engine } = engineOf([]);
  expect(await discoverContainers(engine, home)).toEqual([
    { type: 'docker', ours: false, description: expect.stringMatching(/broken cannot be used/) },
  ]);
});

test.each([
  ['claude --print', 'Claude Code'],
  ['/usr/local/bin/claude', 'Claude Code'],
  ['node --max-old-space-size=1 /usr/lib/node_modules/@anthropic-ai/claude-code/cli.js -p', 'Claude Code'],
  ['/usr/bin/node /opt/agent.cjs settings.json', 'an agent'],
  ['vim /home/me/claude', undefined],
  ['grep -r claude', undefined],
  ['node', undefined],
  ['', undefined],
])('in a container of others, %j is found to be %s', async (line, what) => {
  const { engine } = engineOf([summary('theirs')], { theirs: ['/bin/sh', line] });
  const description = `container theirs (busybox, running): runs ${what}; adopt it as theirs`;
  expect(await discoverContainers(engine, home)).toEqual(
    what === undefined ? [] : [{ type: 'docker', name: 'theirs', description, ours: false }],
  );
});

test('a container of the default image can be adopted, whatever its state', async () => {
  const { engine } = engineOf([summary('theirs', { image: 'ccb/claude:2', status: 'exited' })]);
  expect(await discoverContainers(engine, home)).toMatchObject([{ name: 'theirs', ours: false }]);
});

test('one container that does not answer hides no other, and at most twenty are looked at', async () => {
  const many = Array.from({ length: 30 }, (_, index) => summary(`c${index}`));
  const { engine, looks } = engineOf([...many, summary('stopped', { status: 'exited' })], {
    c0: new Error('it hangs'),
    c1: ['claude'],
    c25: ['claude'],
  });
  expect((await discoverContainers(engine, home)).map(({ name }) => name)).toEqual(['c1']);
  expect(looks).toHaveLength(20);
});
