import type { InstanceInterface } from '@ccb/instance-interface';
import type { ConformanceSpec } from './spec.ts';

const PROBE_MS = 5_000;

/** An instance between two tests. */
export interface Kept<I> {
  readonly instance: I;
  /** The one that had it last. */
  readonly test: string;
}

/** The instance that tests have one after the other, where the spec allows it. */
export class Reused<I extends InstanceInterface> {
  readonly #spec: ConformanceSpec<I>;
  #kept: Kept<I> | undefined;
  #probes = 0;

  constructor(spec: ConformanceSpec<I>) {
    this.#spec = spec;
  }

  /** What lives on between two tests. */
  get kept(): readonly I[] {
    return this.#kept === undefined ? [] : [this.#kept.instance];
  }

  /** undefined: there is none, and whoever wants one makes it. */
  take(): Kept<I> | undefined {
    const kept = this.#kept;
    this.#kept = undefined;
    return kept;
  }

  /** Keeps it for the next test. false: it is not as good as new, or not wanted, and still the caller's. */
  async keep(instance: I, test: string): Promise<boolean> {
    if (this.#spec.reuse !== true || this.#kept !== undefined || !(await this.#isIdle(instance))) return false;
    this.#kept = { instance, test };
    return true;
  }

  async #isIdle(instance: I): Promise<boolean> {
    try {
      if (instance.state !== 'running') return false;
      const { command, queued } = await instance.getInfo({ timeoutMs: PROBE_MS });
      if (command !== undefined || queued > 0) return false;
      this.#probes += 1;
      const probe = `probe ${this.#probes}`;
      const { success, output } = await instance.sendCommandAndWait(this.#spec.commands.echo(probe), {
        timeoutMs: PROBE_MS,
      });
      return success && output === probe && instance.state === 'running';
    } catch {
      return false;
    }
  }
}
