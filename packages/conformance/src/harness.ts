import type { Capabilities, InstanceInterface } from '@ccb/instance-interface';
import type { Bench, Cases } from './bench.ts';
import { OpenBench } from './open-bench.ts';
import { Reused } from './reused.ts';
import type { TestRunner } from './runner.ts';
import type { ConformanceSpec } from './spec.ts';

const TEST_MS = 30_000;

/** Turns the cases of one group into tests of a runner. */
export class Harness<I extends InstanceInterface> implements Cases {
  readonly #spec: ConformanceSpec<I>;
  readonly #runner: TestRunner;
  readonly #reused: Reused<I>;
  readonly #open = new Set<OpenBench<I>>();
  /** Reported once, not again after every following test. */
  readonly #known = new Set<string>();
  /** Of the first instance: they do not change. */
  #capabilities: Capabilities | undefined;

  constructor(spec: ConformanceSpec<I>, runner: TestRunner) {
    this.#spec = spec;
    this.#runner = runner;
    this.#reused = new Reused(spec);
  }

  test(name: string, body: (bench: Bench) => Promise<void>): void {
    this.#runner.test(name, () => this.#run(name, body));
  }

  testWith(
    capability: keyof Capabilities,
    name: string,
    body: (bench: Bench) => Promise<void>,
    refused?: (bench: Bench) => Promise<void>,
  ): void {
    this.test(name, async (bench) => {
      this.#capabilities ??= (await bench.create()).capabilities;
      if (this.#capabilities[capability]) await body(bench);
      else await refused?.(bench);
    });
  }

  testIf(
    has: (bench: Pick<Bench, 'commands' | 'faults' | 'observe'>) => boolean,
    name: string,
    body: (bench: Bench) => Promise<void>,
  ): void {
    const { commands, faults, observe } = new OpenBench(this.#spec, this.#reused, name, AbortSignal.abort());
    if (has({ commands, faults, observe })) this.test(name, body);
  }

  /** Ends the instance that tests have had one after the other; what it leaves is for {@link tidy} to find. */
  async endReuse(): Promise<void> {
    await this.#reused.take()?.instance.cleanup({ remove: true });
  }

  /** After each test, whether it passed or not. @throws {Error} naming what could not be closed, or was left */
  async tidy(): Promise<void> {
    const problems: string[] = [];
    for (const bench of this.#open) problems.push(...(await bench.close()));
    this.#open.clear();
    const left = (await this.#spec.leaks(this.#reused.kept)).filter((leak) => !this.#known.has(leak));
    for (const leak of left) this.#known.add(leak);
    if (left.length > 0) problems.push(`left behind: ${left.join(', ')}`);
    if (problems.length > 0) throw new Error(`${this.#spec.name}: ${problems.join('; ')}`);
  }

  async #run(name: string, body: (bench: Bench) => Promise<void>): Promise<void> {
    const limit = new AbortController();
    const timeoutMs = this.#spec.testTimeoutMs ?? TEST_MS;
    const bench = new OpenBench(this.#spec, this.#reused, name, limit.signal);
    this.#open.add(bench);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new Error(`not over after ${timeoutMs} ms`);
        limit.abort(error);
        reject(error);
      }, timeoutMs);
    });
    try {
      await Promise.race([body(bench), late]);
      bench.passed = true;
    } catch (error) {
      // What an earlier test did to the instance may be the reason.
      if (bench.before !== undefined && error instanceof Error) {
        error.message += ` (on an instance that "${bench.before}" had before)`;
      }
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
