import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Backend,
  InstanceError,
  type InstanceInterface,
  type InstanceRecord,
  type InstanceSpec,
  type StateChange,
} from '@ccb/instance-interface';
import { InstanceManager } from '@ccb/instance-manager';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resolveSettings } from './options/settings.ts';
import { createEphemeral, createNamed, openNamed, type SessionContext } from './session.ts';
import { Signals } from './signals.ts';
import { Notices } from './terminal/notices.ts';
import { StatusLine } from './terminal/status-line.ts';

/** A backend that remembers what was asked of it. */
class RecordingBackend implements Backend {
  readonly type = 'process';
  readonly calls: string[] = [];
  readonly specs: InstanceSpec[] = [];
  failure: Error | undefined;
  mistake: TypeError | undefined;
  workspace: string | undefined = '/';
  #listener: ((change: StateChange) => void) | undefined;

  parseSpec(value: unknown): InstanceSpec {
    if (this.mistake !== undefined) throw this.mistake;
    return value as InstanceSpec;
  }

  async create(spec: InstanceSpec): Promise<InstanceInterface> {
    if (this.failure !== undefined) throw this.failure;
    this.specs.push(spec);
    return this.#instance(spec.name);
  }

  async open(record: InstanceRecord): Promise<InstanceInterface> {
    this.calls.push(`open ${record.name}`);
    return this.#instance(record.name);
  }

  comesUp(): void {
    this.#listener?.({ from: 'starting', to: 'running', at: '', reason: '' });
  }

  #instance(name: string): InstanceInterface {
    const end = (call: string) => async () => {
      this.calls.push(call);
      if (this.failure !== undefined) throw this.failure;
    };
    const { workspace } = this;
    const instance: Partial<InstanceInterface> = {
      name,
      record: {
        version: 1,
        name,
        type: 'process',
        createdAt: '',
        program: 'claude',
        workspace,
        data: { directory: join(home, 'instances', name) },
      },
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
let home: string;
let contained: boolean;
beforeEach(() => {
  backend = new RecordingBackend();
  said = '';
  contained = false;
  home = mkdtempSync(join(tmpdir(), 'ccb-session-'));
  const terminal = { write: (text: string) => (said += text) };
  const status = new StatusLine(terminal, false);
  context = {
    settings: resolveSettings({ program: 'claude' }, { env: {}, directory: '/', interactive: false }),
    backends: {
      home,
      programs: ['shell', 'claude'],
      manager: new InstanceManager({ home, backends: [backend] }),
      place: async () => ({ describe: () => 'process', hasClaude: () => true, contained, endMs: 5_000 }),
    },
    permission: 'deny',
    notices: new Notices({ terminal, status, quiet: false, verbose: false, color: false }),
    status,
    signals: new Signals(),
  };
});
afterEach(() => {
  context.signals.dispose();
  rmSync(home, { recursive: true });
});

function keep(directory: string, record: object): object {
  mkdirSync(join(home, 'instances', directory), { recursive: true });
  writeFileSync(join(home, 'instances', directory, 'instance.json'), JSON.stringify(record));
  return record;
}

function recordOf(name: string): object {
  const data = { directory: join(home, 'instances', name) };
  return { version: 1, name, type: 'process', createdAt: '2026-01-01T00:00:00.000Z', program: 'shell', data };
}

describe('a session', () => {
  test('with an ephemeral instance removes it', async () => {
    const session = await createEphemeral(context, 'run');
    backend.comesUp();
    await session.end();
    expect(backend.specs).toMatchObject([{ ephemeral: true, name: expect.stringMatching(/^run-[0-9a-f]{8}$/) }]);
    expect(backend.calls).toEqual(['remove']);
  });

  test('with a named instance lets go of it', async () => {
    const session = await createNamed(context, 'work', 'run');
    backend.comesUp();
    await session.end();
    expect(backend.specs).toMatchObject([{ ephemeral: false, name: 'work' }]);
    expect(backend.calls).toEqual(['detach']);
  });

  test('with a named instance that never came up keeps nothing', async () => {
    await (await createNamed(context, 'work', 'run')).end();
    expect(backend.calls).toEqual(['remove']);
  });

  test('says what to do when the name is taken', async () => {
    backend.failure = new InstanceError('CCB_NAME_TAKEN', 'x');
    await expect(createNamed(context, 'work', 'run')).rejects.toThrow('Talk to it with "ccb chat work"');
  });

  test('with an instance that exists opens it and lets go of it', async () => {
    keep('kept', recordOf('kept'));
    const session = await openNamed(context, 'kept', { verb: 'chat' });
    await session.end();
    expect(backend.calls).toEqual(['open kept', 'detach']);
  });

  test('does not open what is not there', async () => {
    await expect(openNamed(context, 'absent', { verb: 'chat' })).rejects.toThrow('ccb create absent');
  });

  test.each([
    ['was copied from another one', () => keep('other', recordOf('other')), /is that of other in .*, and was copied/],
    ['is broken', () => ({ version: 1 }), /instance\.json cannot be read: /],
  ])('does not open one whose record %s', async (_, record, message) => {
    keep('kept', record());
    const opening = openNamed(context, 'kept', { verb: 'chat' });
    await expect(opening).rejects.toMatchObject({
      code: 'CCB_RECORD_INVALID',
      message: expect.stringMatching(message),
    });
    expect(backend.calls).toEqual([]);
  });

  test('opens nothing that the check refuses', async () => {
    keep('kept', recordOf('kept'));
    const refuse = () => {
      throw new Error('refused');
    };
    await expect(openNamed(context, 'kept', { verb: 'chat', check: refuse })).rejects.toThrow('refused');
    expect(backend.calls).toEqual([]);
  });

  test('reports what fails on the way out, and leaves all the same', async () => {
    const session = await createEphemeral(context, 'chat');
    backend.failure = new InstanceError('CCB_TIMEOUT', 'It did not end. Look at it.');
    await session.end();
    expect(said).toContain('ccb: It did not end. Look at it. (CCB_TIMEOUT)\n');
  });

  test('warns that claude is not contained, and of the remedy, where it is not', async () => {
    contained = true;
    await createEphemeral(context, 'run');
    expect(said).not.toContain('warning');
    contained = false;
    await createEphemeral(context, 'run');
    expect(said).toContain(
      'ccb: warning: claude is not contained: it can reach whatever you can. --backend docker contains it.\n',
    );
  });

  test('tells of a workspace that is not the current directory, which it leaves to the backend', async () => {
    await createEphemeral(context, 'run');
    expect(backend.specs).toMatchObject([{ workspace: undefined }]);
    expect(said).not.toContain('another machine');
    backend.workspace = undefined;
    await createEphemeral(context, 'run');
    expect(said).toContain("ccb: the engine is another machine's: the workspace is a volume there, not /\n");
  });

  test('takes what the backend cannot make sense of for a mistake of the caller', async () => {
    backend.mistake = new TypeError('docker: image must be the name of an image');
    await expect(createEphemeral(context, 'run')).rejects.toMatchObject({
      code: 'CCB_USAGE',
      message: '--image must be the name of an image.',
    });
    expect(said).toBe('');
  });
});
