import type { InstanceInterface } from '@ccb/instance-interface';
import { defineConformance } from '../define.ts';
import { leaks } from '../groups/leaks.ts';
import type { TestRunner } from '../runner.ts';
import type { ConformanceSpec } from '../spec.ts';

/** ms for one case: more than the longest takes on a busy machine, and not much more. */
const caseMs = 3_000;
/** ms for what is tidied after a case. */
const tidyMs = 4_000;

/** What the suite found. */
export interface Findings {
  /** Cases by group. */
  readonly cases: Readonly<Record<string, number>>;
  /** Those that failed: group, case and reason. A failure to tidy up is one of the group about leaks. */
  readonly failures: readonly Failure[];
}

interface Failure {
  readonly group: string;
  readonly name: string;
  readonly reason: string;
}

interface Case {
  readonly group: string;
  readonly name: string;
  run(): Promise<void>;
}

/** Collects cases, and runs them one after the other. */
class Sequence implements TestRunner {
  readonly cases: Case[] = [];
  readonly #describing: string[] = [];
  #tidy: () => Promise<void> = async () => {};

  describe(name: string, body: () => void): void {
    this.#describing.push(name);
    body();
    this.#describing.pop();
  }

  test(name: string, body: () => Promise<void>): void {
    this.cases.push({ group: this.#describing.at(-1) ?? '', name, run: body });
  }

  afterEach(body: () => Promise<void>): void {
    this.#tidy = body;
  }

  /** @param groups their names; absent: all */
  async run(groups: readonly string[] | undefined): Promise<readonly Failure[]> {
    const failures: Failure[] = [];
    for (const { group, name, run } of this.cases) {
      if (groups?.includes(group) === false) continue;
      const note = (error: unknown): void => void failures.push({ group, name, reason: String(error) });
      process.on('unhandledRejection', note).on('uncaughtException', note);
      try {
        await run().catch(note);
        // An unhandled rejection is told in the next turn.
        await new Promise((resolve) => setImmediate(resolve));
      } finally {
        process.off('unhandledRejection', note).off('uncaughtException', note);
      }
      await within(tidyMs, this.#tidy()).catch((error: unknown) => {
        failures.push({ group: leaks.name, name: `after: ${name}`, reason: String(error) });
      });
    }
    return failures;
  }
}

/** Runs the suite, or these groups of it. Only in a process of its own: whatever the backend rejects unheard is held against it. */
export async function findingsOf<I extends InstanceInterface>(
  spec: ConformanceSpec<I>,
  groups?: readonly string[],
): Promise<Findings> {
  const sequence = new Sequence();
  defineConformance({ ...spec, testTimeoutMs: caseMs }, sequence);
  const cases: Record<string, number> = {};
  for (const { group } of sequence.cases) cases[group] = (cases[group] ?? 0) + 1;
  return { cases, failures: await sequence.run(groups) };
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not tidy after ${ms} ms`)), ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
