import { randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { InstanceRecord, LogEntry } from '@ccb/instance-interface';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Transport } from '../agent/transport.ts';
import type { DockerContainer } from '../docker-container.ts';
import type { DockerClient } from '../engine/docker-client.ts';
import { RealEngine, whyNoEngine } from '../engine/stream/testing/real-engine.ts';
import { type Recording, recordingProxy } from '../testing/recording-proxy.ts';
import { docker, Sandbox } from '../testing/sandbox.ts';

const absent = whyNoEngine();
const transports: readonly Transport[] = ['fifo', 'exec'];

/** One life of an instance with a secret, with what usually goes wrong in it, and all that was seen of it from outside. */
class Life {
  readonly secret: string = randomBytes(24).toString('hex');
  /** Where it was looked for, and what stood there. */
  readonly places = new Map<string, string>();
  /** At each look: the processes of this machine whose environment has it, and the program's. */
  readonly knowing: (readonly [holders: readonly number[], program: number | undefined])[] = [];
  readonly recording: Recording;
  readonly #transport: Transport;
  readonly #name: string;
  readonly #sandbox: Sandbox;
  readonly #client: DockerClient;
  readonly #errors: unknown[] = [];

  private constructor(transport: Transport, sandbox: Sandbox, client: DockerClient, recording: Recording) {
    this.#transport = transport;
    this.#name = `secret-${transport}`;
    this.#sandbox = sandbox;
    this.#client = client;
    this.recording = recording;
  }

  static async of(transport: Transport): Promise<Life> {
    const { proxy, recording } = await recordingProxy();
    await using _proxy = proxy;
    const client = proxy.client();
    await using sandbox = await Sandbox.make({ docker: client });
    const life = new Life(transport, sandbox, client, recording);
    await life.#live();
    return life;
  }

  async #live(): Promise<void> {
    const sandbox = this.#sandbox;
    const env = { TOKEN: this.secret };
    const log: LogEntry[] = [];
    const spec = { env, transport: this.#transport, log: (entry: LogEntry) => void log.push(entry) };
    await this.#fails(sandbox.create('refused', { ...spec, env: { TOKEN: `${this.secret}\0` } }));
    await this.#fails(sandbox.create('refused', { ...spec, image: 'ccb-no-such-image:none', pull: 'never' }));
    const instance = await sandbox.create(this.#name, spec);
    const { record } = instance;
    await this.#fails(sandbox.create(this.#name, spec));
    await this.#isKnown(instance);
    this.#errors.push(await instance.sendCommandAndWait('ls /nowhere'));
    this.#errors.push(await instance.sendCommandAndWait('sleep 60', { timeoutMs: 100 }));
    await this.#fails(instance.exec(['no-such-program']));
    await this.#fails(this.#open(record));
    await this.#fails(this.#open(record, { env: { OTHER: this.secret } }));
    await this.#observe(record);
    await this.#look(instance);
    await this.#killWhileItRuns(instance);
    await this.#isKnown(instance);
    await this.#look(instance);
    await instance.detach();
    const again = await this.#open(record, { env, log: spec.log });
    this.#errors.push(await again.sendCommandAndWait('kill -9 $$'));
    await this.#look(again);
    this.#add('records', JSON.stringify([record, again.record, await sandbox.backend.discover()]));
    await again.cleanup({ remove: true });
    const errors = inspect(this.#errors, { depth: Number.POSITIVE_INFINITY, showHidden: true });
    this.#add('errors, with all their causes', errors + JSON.stringify(this.#errors));
    this.#add('the log hook', inspect(log, { depth: Number.POSITIVE_INFINITY, maxArrayLength: null }));
    this.#add('requests to the engine, and its answers', this.recording.spoken);
  }

  #open(record: InstanceRecord, options: object = {}): Promise<DockerContainer> {
    return this.#sandbox.open(record, { docker: this.#client, ...options });
  }

  async #fails(work: Promise<unknown>): Promise<void> {
    await expect(work.catch((error: unknown) => this.#errors.push(error) && Promise.reject(error))).rejects.toThrow();
  }

  async #isKnown(instance: DockerContainer): Promise<void> {
    expect(await instance.sendCommandAndWait('printenv TOKEN | wc -c')).toMatchObject({ output: '49\n' });
  }

  async #killWhileItRuns(instance: DockerContainer): Promise<void> {
    const running = instance.sendCommand('echo runs; sleep 60');
    const reader = running[Symbol.asyncIterator]();
    await reader.next();
    await docker('kill', `ccb-${this.#name}`);
    this.#errors.push(await running.result.catch((error: unknown) => error));
  }

  async #observe(record: InstanceRecord): Promise<void> {
    const observer = await this.#open(record, { mode: 'observe' });
    const seen: unknown[] = [await observer.getInfo()];
    for await (const entry of observer.history()) seen.push(entry);
    this.#add('what an observer sees', JSON.stringify(seen));
    await observer.detach();
  }

  /** While it runs. */
  async #look(instance: DockerContainer): Promise<void> {
    const container = `ccb-${this.#name}`;
    const info = await instance.getInfo();
    this.#add('what getInfo says', JSON.stringify(info));
    const inspected = await docker('container', 'inspect', container);
    this.#add('the inspection of the container', inspected);
    const [{ Image, ExecIDs }] = JSON.parse(inspected) as [{ Image: string; ExecIDs: string[] | null }];
    this.#add('the inspection of the image', await docker('image', 'inspect', Image));
    const engine = new RealEngine(this.#name);
    for (const id of ExecIDs ?? []) {
      this.#add('inspections of execs', JSON.stringify(await engine.json('GET', `/exec/${id}/json`)));
    }
    this.#add('docker top', await docker('top', container, '-eo', 'pid,args'));
    for await (const { text } of instance.logs()) this.#add('docker logs', text);
    for (const path of filesBelow(this.#sandbox.layout(this.#name).directory)) {
      this.#add('files of the instance', `${path}\n${readFileSync(path, 'latin1')}\n`);
    }
    for (const pid of pids()) this.#add('command lines of this machine', `${contentOf(`/proc/${pid}/cmdline`)}\n`);
    const holders = pids().filter((pid) => contentOf(`/proc/${pid}/environ`).includes(this.secret));
    this.knowing.push([holders, info.program.pid]);
  }

  #add(place: string, text: string): void {
    this.places.set(place, (this.places.get(place) ?? '') + text);
  }
}

describe.skipIf(absent !== undefined)(`a secret${absent ? ` (skipped: ${absent})` : ''}`, () => {
  const lives = new Map<Transport, Life>();
  beforeAll(async () => {
    await Promise.all(transports.map(async (transport) => lives.set(transport, await Life.of(transport))));
  });
  afterAll(() => lives.clear());

  describe.each(transports)('of an instance that is reached by %s', (transport) => {
    const life = (): Life => lives.get(transport) as Life;

    test('was looked for where something is', () => {
      const { places } = life();
      expect([...places].filter(([, text]) => text.length < 20).map(([place]) => place)).toEqual([]);
      expect([...places.keys()].sort()).toEqual([
        'command lines of this machine',
        'docker logs',
        'docker top',
        'errors, with all their causes',
        'files of the instance',
        ...(transport === 'exec' ? ['inspections of execs'] : []),
        'records',
        'requests to the engine, and its answers',
        'the inspection of the container',
        'the inspection of the image',
        'the log hook',
        'what an observer sees',
        'what getInfo says',
      ]);
      for (const file of ['instance.json', 'settings.json', 'program.json', 'journal/']) {
        expect(places.get('files of the instance')).toContain(file);
      }
      expect(places.get('requests to the engine, and its answers')).toContain(`"ccb.name":"secret-${transport}"`);
    });

    test('is in none of them', () => {
      const { places, secret } = life();
      const forms = [secret, Buffer.from(secret).toString('base64')];
      const found = [...places].filter(([, text]) => forms.some((form) => text.includes(form)));
      expect(found.map(([place]) => place)).toEqual([]);
    });

    // Whose environment can be read at all.
    test('is in the environment of the program alone, as this machine sees it', () => {
      const { knowing } = life();
      expect(knowing).toHaveLength(3);
      for (const [holders, program] of knowing) expect(holders.filter((pid) => pid !== program)).toEqual([]);
    });

    test(`goes through ${transport === 'exec' ? 'the attached relay, and it alone' : 'nothing that an engine carries'}`, () => {
      const { recording, secret } = life();
      expect(recording.streamed.includes(secret)).toBe(transport === 'exec');
      expect(recording.spoken.length).toBeGreaterThan(10_000);
    });
  });
});

function pids(): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0);
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Gone, or somebody else's.
    return '';
  }
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((entry) => join(directory, entry))
    .filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isFile());
}
