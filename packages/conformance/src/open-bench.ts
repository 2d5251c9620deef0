import type { InstanceInterface } from '@ccb/instance-interface';
import { anySignal } from '@ccb/instance-interface/abstract';
import type { Bench } from './bench.ts';
import type { Commands } from './commands.ts';
import type { Reused } from './reused.ts';
import type { ConformanceSpec, Faults } from './spec.ts';

const CLOSE_MS = 15_000;
let count = 0;

/** The instances that one test has open. */
export class OpenBench<I extends InstanceInterface> implements Bench {
  readonly commands: Commands;
  readonly faults: Faults;
  readonly signal: AbortSignal;
  readonly observe: Bench['observe'];
  /** Set by who runs the test: then what it has borrowed may be given on. */
  passed = false;
  readonly #spec: ConformanceSpec<I>;
  readonly #test: string;
  readonly #reused: Reused<I>;
  readonly #created: I[] = [];
  readonly #borrowed: I[] = [];
  readonly #opened: I[] = [];
  #before: string | undefined;

  constructor(spec: ConformanceSpec<I>, reused: Reused<I>, test: string, signal: AbortSignal) {
    this.#spec = spec;
    this.#reused = reused;
    this.#test = test;
    this.signal = signal;
    this.commands = spec.commands;
    this.faults = spec.faults as Faults;
    const { observe } = spec;
    this.observe = observe && ((record) => this.#open(observe.call(spec, record)));
  }

  /** The test that had the borrowed instance last. */
  get before(): string | undefined {
    return this.#before;
  }

  /** Functions of their own: a test takes what it needs of its bench. */
  readonly create = async (signal?: AbortSignal): Promise<InstanceInterface> => {
    const instance = await this.#make(signal);
    this.#created.push(instance);
    return instance;
  };

  readonly borrow = async (): Promise<InstanceInterface> => {
    const kept = this.#reused.take();
    this.#before = kept?.test;
    const instance = kept?.instance ?? (await this.#make());
    this.#borrowed.push(instance);
    await instance.start();
    return instance;
  };

  readonly reopen = async (record: InstanceInterface['record']): Promise<InstanceInterface> => {
    const { reopen } = this.#spec;
    if (reopen === undefined) {
      throw new TypeError(
        `${this.#test}: the spec of ${this.#spec.name} has no reopen(record); a backend with the capability detach or resume needs it`,
      );
    }
    return await this.#open(reopen.call(this.#spec, record));
  };

  readonly leaks = (): Promise<readonly string[]> => this.#spec.leaks(this.#reused.kept);

  /** @returns what went wrong */
  async close(): Promise<readonly string[]> {
    const problems: string[] = [];
    for (const instance of this.#opened) {
      try {
        await instance.detach({ timeoutMs: CLOSE_MS });
      } catch (error) {
        // One that was cleaned up by the test, or whose hold somebody else has by now.
        problems.push(`detach of ${instance.name}: ${String(error)}`);
      }
    }
    for (const instance of this.#borrowed) {
      if (!this.passed || !(await this.#reused.keep(instance, this.#test))) this.#created.push(instance);
    }
    for (const instance of this.#created) await this.#remove(instance, problems);
    return problems;
  }

  async #make(signal: AbortSignal = this.signal): Promise<I> {
    count += 1;
    const name = `conformance-${process.pid}-${count}`;
    return await this.#spec.create({ name, signal: anySignal(this.signal, signal) });
  }

  async #open(opening: Promise<I>): Promise<I> {
    const instance = await opening;
    this.#opened.push(instance);
    return instance;
  }

  async #remove(instance: I, problems: string[]): Promise<void> {
    try {
      // A handle that let go cannot clean up: the instance is opened once more.
      const holder = instance.state === 'closed' ? await this.#again(instance) : instance;
      await holder?.cleanup({ remove: true, timeoutMs: CLOSE_MS });
    } catch (error) {
      problems.push(`cleanup of ${instance.name}: ${String(error)}`);
    }
  }

  async #again(instance: I): Promise<I | undefined> {
    try {
      return await this.#spec.reopen?.(instance.record);
    } catch {
      // Removed by the test; what it left is for `leaks` to find.
      return undefined;
    }
  }
}
