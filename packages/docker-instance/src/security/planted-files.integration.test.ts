import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LogEntry } from '@ccb/instance-interface';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DockerContainer } from '../docker-container.ts';
import { whyNoEngine } from '../engine/stream/testing/real-engine.ts';
import { intrude } from '../testing/intruder.ts';
import { leaksOf } from '../testing/leaks.ts';
import { Sandbox } from '../testing/sandbox.ts';

const absent = whyNoEngine();
const SECRET = 'what only the host may read';

/** Every name that an agent, or a host, uses in the directories that the container can write. */
const NAMES = [
  'agent.log',
  'agent.log.1',
  'agent.lock',
  'program.json',
  'program.json.new',
  'settings.json',
  'journal/1.log',
];

describe.skipIf(absent !== undefined)(
  `what a program leaves for its host${absent ? ` (skipped: ${absent})` : ''}`,
  () => {
    let sandbox: Sandbox;
    let outside: string;
    let before: string;

    beforeAll(async () => {
      sandbox = await Sandbox.make();
      outside = join(sandbox.root, 'outside');
      mkdirSync(join(outside, 'directory'), { recursive: true });
      for (const path of ['file', 'directory/file']) writeFileSync(join(outside, path), SECRET);
      chmodSync(join(outside, 'file'), 0o600);
      before = stateOf(outside);
    });
    afterAll(() => sandbox[Symbol.asyncDispose]());

    /** All that another start, a look, and a removal do with the directories of an instance. Its errors and its log. */
    async function live(instance: DockerContainer): Promise<string> {
      const said: unknown[] = [];
      const note = (error: unknown): void => void said.push(String(error), (error as Error).cause);
      await instance.stop({ graceMs: 200 }).catch(note);
      await instance.start({ timeoutMs: 15_000 }).catch(note);
      await instance.sendCommandAndWait('echo works', { timeoutMs: 5_000 }).then((result) => said.push(result), note);
      said.push(await instance.getInfo().catch(note));
      try {
        for await (const entry of instance.history()) said.push(entry);
      } catch (error) {
        note(error);
      }
      said.push(await sandbox.backend.discover());
      await instance.cleanup({ remove: true });
      return JSON.stringify(said);
    }

    async function made(name: string): Promise<{ readonly instance: DockerContainer; readonly log: LogEntry[] }> {
      const log: LogEntry[] = [];
      const instance = await sandbox.create(name, { log: (entry) => void log.push(entry) });
      await instance.start();
      return { instance, log };
    }

    const plants = {
      'links into the host': [
        `fs.symlinkSync(args[0] + '/file', path)`,
        `fs.symlinkSync(args[0] + '/directory', path)`,
      ],
      'FIFOs and directories': [`require('child_process').execFileSync('mkfifo', [path])`, `fs.mkdirSync(path)`],
      'files of 8 TB and hard links': [
        `fs.writeFileSync(path, ''); fs.truncateSync(path, 8e12)`,
        `fs.writeFileSync(path + '.one', 'x'); fs.linkSync(path + '.one', path)`,
      ],
    };

    test.concurrent.each(Object.entries(plants))(
      '%s are not followed, waited for or read, and go with it',
      async (what, [one, other]) => {
        const name = `planted-${Object.keys(plants).indexOf(what)}`;
        const { instance, log } = await made(name);
        await intrude(
          instance,
          `let turn = 0;
       for (const root of ['/ccb/state/', '/ccb/home/']) for (const name of ${JSON.stringify(NAMES)}) {
         const path = root + name;
         fs.rmSync(path, { recursive: true, force: true });
         fs.mkdirSync(require('path').dirname(path), { recursive: true });
         if (turn++ % 2 === 0) { ${one} } else { ${other} }
       }`,
          outside,
        );
        const memory = process.memoryUsage.rss();
        const started = performance.now();
        const said = (await live(instance)) + JSON.stringify(log);
        expect(performance.now() - started).toBeLessThan(25_000);
        expect(process.memoryUsage.rss() - memory).toBeLessThan(200 * 1024 * 1024);
        expect(said).not.toContain(SECRET);
        // It runs on, or says what is wrong.
        expect(said).toMatch(/"output":"works|agent\.lock is a (symbolic link|FIFO)/);
        expect(stateOf(outside)).toBe(before);
        expect(existsSync(sandbox.layout(name).directory)).toBe(false);
      },
    );

    // As one with the capability to make them could: nothing in the image makes them.
    test.runIf(process.getuid?.() === 0)('devices are not opened, and go with it', async () => {
      const { instance } = await made('planted-device');
      const { state, home } = sandbox.layout('planted-device');
      for (const directory of [state, home]) execFileSync('mknod', [join(directory, 'agent.log'), 'c', '1', '5']);
      expect(await live(instance)).toContain('works');
    });

    test('a journal that is a link into the host is no history', async () => {
      const { instance } = await made('planted-journal');
      await instance.sendCommandAndWait('echo one');
      await intrude(
        instance,
        `for (const file of fs.readdirSync('/ccb/state/journal')) {
         fs.rmSync('/ccb/state/journal/' + file);
         fs.symlinkSync(args[0] + '/file', '/ccb/state/journal/' + file);
       }`,
        outside,
      );
      expect(await live(instance)).not.toContain(SECRET);
      expect(stateOf(outside)).toBe(before);
    });

    test('a tree that is deeper than a path is long is removed with the rest', async () => {
      const { instance } = await made('planted-depth');
      await intrude(
        instance,
        `for (const root of ['/ccb/state', '/ccb/home']) {
         process.chdir(root);
         for (let n = 0; n < 60; n += 1) { fs.mkdirSync('d'.repeat(200)); process.chdir('d'.repeat(200)); fs.symlinkSync(args[0], 'link'); }
       }`,
        outside,
      );
      await instance.cleanup({ remove: true });
      expect(stateOf(outside)).toBe(before);
    });

    test('every lock that it can see may be its own, and the next host still gets the hold', async () => {
      const { instance } = await made('planted-locks');
      await instance.sendCommandAndWait(
        `for file in /ccb/pipes/* /ccb/agent/* /ccb/state/* /ccb/home /ccb/pipes /ccb/agent; do
         flock "$file" sleep 100 > /dev/null 2>&1 &
       done; sleep 0.2`,
      );
      const { record } = instance;
      await instance.detach();
      const next = await sandbox.open(record);
      expect(await next.sendCommandAndWait('echo works', { timeoutMs: 10_000 })).toMatchObject({ output: 'works\n' });
      await expect(sandbox.open(record)).rejects.toMatchObject({ code: 'CCB_LOCKED' });
      await next.cleanup({ remove: true });
    });

    test('nothing of all of them is left', async () => {
      expect(await leaksOf(sandbox)).toEqual([]);
    });
  },
);

/** Names, owners, modes, times and content. */
function stateOf(directory: string): string {
  const entries = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
  return JSON.stringify(
    entries.map((entry) => {
      const { mode, uid, gid, mtimeMs, ctimeMs, nlink } = lstatSync(join(directory, entry));
      const content = entry.endsWith('file') ? readFileSync(join(directory, entry), 'utf8') : '';
      return { entry, mode, uid, gid, mtimeMs, ctimeMs, nlink, content };
    }),
  );
}
