import {
  type Backend,
  createRegistry,
  InstanceError,
  type InstanceInterface,
  type InstanceRecord,
  type InstanceSpec,
  type StateChange,
} from '@ccb/instance-interface';
import { beforeEach, describe, expect, test } from 'vitest';
import { resolveSettings } from './options/settings.ts';
import { createEphemeral, createNamed, openNamed, type SessionContext } from './session.ts';
import { Notices } from './terminal/notices.ts';
import { StatusLine } from './terminal/status-line.ts';

/** A backend that remembers what was asked of it. */
class RecordingBackend implements Backend {
  readonly type = 'process';
  readonly calls: string[] = [];
  readonly specs: InstanceSpec[] = [];
  failure: Error | undefined;
  #listener: ((change: StateChange) => void) | undefined;

  parseSpec(value: unknown): InstanceSpec {
    return value as InstanceSpec;
  }

  async create(spec: InstanceSpec): Promise<InstanceInterface> {
    if (this.failure !== undefined) throw this.failure;
    this.specs.push(spec);
    return this.#instance();
  }

  async open(record: InstanceRecord): Promise<InstanceInterface> {
    this.calls.push(`open ${record.name}`);
    return this.#instance();
  }

  async discover() {
    const kept = { version: 1, name: 'kept', type: 'process', createdAt: '', program: 'shell', data: {} } as const;
    return [
      { type: 'process', description: 'not ours', ours: false, name: 'foreign', record: { ...kept, name: 'foreign' } },
      { type: 'process', description: 'ours', ours: true, name: 'kept', record: kept },
    ];
  }

  comesUp(): void {
    this.#listener?.({ from: 'starting', to: 'running', at: '', reason: '' });
  }

  #instance(): InstanceInterface {
    const end = (call: string) => async () => {
      this.calls.push(call);
      if (this.failure !== undefined) throw this.failure;
    };
    const instance: Partial<InstanceInterface> = {
      detach: end('detach'),
      cleanup: async (options) => await end(options?.remove ? 'remove' : 'cleanup')(),
      onStateChange: (listener) => {
        this.#listener = listener;
        return () => undefined;
      },
    };
    return instance as InstanceInterface;
  }
}

let backend: RecordingBackend;
let said: string;
let context: SessionContext;
beforeEach(() => {
  backend = new RecordingBackend();
  said = '';
  const terminal = { write: (text: string) => (said += text) };
  const status = new StatusLine(terminal, false);
  context = {
    settings: resolveSettings({ program: 'claude' }, { env: {}, directory: '/', interactive: false }),
    backends: { home: '/nowhere', registry: createRegistry([backend]), programs: ['shell', 'claude'] },
    permission: 'deny',
    notices: new Notices({ terminal, status, quiet: false, verbose: false, color: false }),
  };
});

describe('a session', () => {
  test('with an ephemeral instance removes it', async () => {
    const session = await createEphemeral(context, 'run');
    backend.comesUp();
    await session.end();
    expect(backend.specs).toMatchObject([{ ephemeral: true, name: expect.stringMatching(/^run-[0-9a-f]{8}$/) }]);
    expect(backend.calls).toEqual(['remove']);
  });

  test('with a named instance lets go of it', async () => {
    const session = await createNamed(context, 'work');
    backend.comesUp();
    await session.end();
    expect(backend.specs).toMatchObject([{ ephemeral: false, name: 'work' }]);
    expect(backend.calls).toEqual(['detach']);
  });

  test('with a named instance that never came up keeps nothing', async () => {
    await (await createNamed(context, 'work')).end();
    expect(backend.calls).toEqual(['remove']);
  });

  test('says what to do when the name is taken', async () => {
    backend.failure = new InstanceError('CCB_NAME_TAKEN', 'x');
    await expect(createNamed(context, 'work')).rejects.toThrow('Talk to it with "ccb chat work"');
  });

  test('with an instance that exists opens it and lets go of it', async () => {
    const session = await openNamed(context, 'kept', () => undefined);
    await session.end();
    expect(backend.calls).toEqual(['open kept', 'detach']);
  });

  test.each(['absent', 'foreign'])('does not open what is not there or not ours (%s)', async (name) => {
    await expect(openNamed(context, name, () => undefined)).rejects.toThrow(`ccb run --keep ${name} TEXT`);
  });

  test('opens nothing that the check refuses', async () => {
    const refuse = () => {
      throw new Error('refused');
    };
    await expect(openNamed(context, 'kept', refuse)).rejects.toThrow('refused');
    expect(backend.calls).toEqual([]);
  });

  test('reports what fails on the way out, and leaves all the same', async () => {
    const session = await createEphemeral(context, 'chat');
    backend.failure = new InstanceError('CCB_TIMEOUT', 'It did not end. Look at it.');
    await session.end();
    expect(said).toContain('ccb: It did not end. Look at it. (CCB_TIMEOUT)\n');
  });

  test('warns that claude is not contained, and of a remedy only where there is one', async () => {
    await createEphemeral(context, 'run');
    expect(said).toContain('ccb: warning: claude is not contained: it can reach whatever you can.\n');
  });
});
