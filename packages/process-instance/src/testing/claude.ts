import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { fakeApiEnvironment, type IsolatedApi, startIsolatedApi } from '@ccb/conformance/claude';
import type { InstanceRecord } from '@ccb/instance-interface';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ProcessInstance, ProcessOptions } from '../process-instance.ts';
import type { ProcessSpec } from '../process-spec.ts';
import { leaksOf, processesOf } from './leaks.ts';
import { Sandbox } from './sandbox.ts';

/** The variables that name real ones, by the paths that `node scripts/claude-code.mjs VERSION` prints. */
export const claudeVersions: readonly (readonly [variable: string, version: string])[] = [
  ['CCB_CLAUDE', '2.1.197'],
  ['CCB_CLAUDE_NEWEST', '2.1.330'],
];

/** Defines the same tests for each version of a real Claude Code; where one is not here the title says why. */
export function describeClaude(name: string, body: (claude: RealClaude) => void): void {
  for (const [variable, version] of claudeVersions) {
    const path = process.env[variable];
    if (process.env.CI === 'true') {
      test(`continuous integration has Claude Code ${version}`, () => {
        expect(path, `${variable} is not set`).toMatch(/claude$/);
      });
    }
    const title = `Claude Code ${version}: ${name}`;
    describe.runIf(path)(path ? title : `${title} (not here: ${variable} is not set)`, () => {
      body(new RealClaude(version, path ?? ''));
    });
  }
}

/**
 * A real Claude Code that reaches a fake API and nothing else, of a person whose home is empty. At the end nothing may be
 * left of the instances, and nothing may have come into that home, nor of a conversation into the temporary directory.
 */
export class RealClaude {
  readonly version: string;
  #env: Readonly<Record<string, string>> = {};
  #sandbox: Sandbox | undefined;
  #api: IsolatedApi | undefined;

  constructor(version: string, path: string) {
    this.version = version;
    beforeAll(async () => {
      this.#sandbox = new Sandbox();
      mkdirSync(this.home);
      mkdirSync(this.temporary);
      this.#api = await startIsolatedApi();
      vi.stubEnv('HOME', this.home);
      vi.stubEnv('TMPDIR', this.temporary);
      vi.stubEnv('CLAUDE_CONFIG_DIR', undefined);
      const executable = await this.#api.executable(path);
      this.#env = { ...fakeApiEnvironment(this.#api.url, { maxRetries: 1 }), CLAUDE_CODE_EXECUTABLE: executable };
    });
    afterAll(async () => {
      vi.unstubAllEnvs();
      const leaks = leaksOf(this.sandbox);
      // It keeps things of its own there; `-…` are those of a conversation.
      const sessions = filesIn(this.temporary).filter((path) => /^claude-\d+\/-/.test(path));
      const touched = [...filesIn(this.home), ...sessions];
      await this.sandbox[Symbol.asyncDispose]();
      await this.api.close();
      expect(leaks).toEqual([]);
      expect(touched).toEqual([]);
    });
  }

  get sandbox(): Sandbox {
    if (this.#sandbox === undefined) throw new Error('there is a sandbox while tests run');
    return this.#sandbox;
  }

  get api(): IsolatedApi {
    if (this.#api === undefined) throw new Error('there is an API while tests run');
    return this.#api;
  }

  /** The person's. */
  get home(): string {
    return join(this.sandbox.root, 'person');
  }

  get temporary(): string {
    return join(this.sandbox.root, 'tmp');
  }

  /** What a program inside needs, its key included. */
  get env(): Readonly<Record<string, string>> {
    return this.#env;
  }

  create(name: string, spec: Partial<ProcessSpec> = {}): Promise<ProcessInstance> {
    return this.sandbox.create(name, { program: 'claude', env: this.env, ...spec });
  }

  open(record: InstanceRecord, options: ProcessOptions = {}): Promise<ProcessInstance> {
    return this.sandbox.open(record, { env: this.env, ...options });
  }

  /** One instance for all tests of the block; a new one after a test that failed. */
  shared(spec: Partial<ProcessSpec> = {}): () => ProcessInstance {
    let box: ProcessInstance | undefined;
    let made = 0;
    const create = async (): Promise<void> => {
      box = await this.create(`shared-${made++}`, spec);
      await box.start();
    };
    beforeAll(create);
    afterEach(async ({ task }) => {
      if (task.result?.state !== 'fail') return;
      await box?.cleanup();
      await create();
    });
    afterAll(() => box?.cleanup());
    return () => box as ProcessInstance;
  }

  /** Every process of the instance: Claude Code, and its tools. */
  processes(box: ProcessInstance): readonly number[] {
    const { instanceId } = box.record.data as { readonly instanceId: string };
    return processesOf([instanceId]);
  }
}

/** A prompt whose tool says in this file of the workspace that it runs, and goes on for minutes. */
export function longTool(file: string): string {
  return `bash: echo $$ > ${file}.new; mv ${file}.new ${file}; sleep 300`;
}

/** The pid that a {@link longTool} has written, once it has. */
export async function whenToolRuns(path: string): Promise<number> {
  const watcher = watch(join(path, '..'));
  try {
    const signal = AbortSignal.timeout(20_000);
    while (!existsSync(path)) await once(watcher, 'change', { signal });
    return Number(readFileSync(path, 'latin1'));
  } finally {
    watcher.close();
  }
}

/** The paths of everything in the directory, relative to it. */
export function filesIn(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
}
