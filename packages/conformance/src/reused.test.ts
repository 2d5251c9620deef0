import type { InstanceInterface } from '@ccb/instance-interface';
import { describe, expect, test } from 'vitest';
import type { Bench } from './bench.ts';
import { Harness } from './harness.ts';
import type { MemoryInstance } from './memory/memory-instance.ts';
import { memorySpec } from './memory/memory-spec.ts';
import { MemoryWorld } from './memory/memory-world.ts';
import type { ConformanceSpec } from './spec.ts';

/** Runs cases one after the other, as a runner would. */
class Suite {
  readonly world: MemoryWorld = new MemoryWorld();
  readonly #harness: Harness<MemoryInstance>;
  #next: (() => Promise<void>) | undefined;

  constructor(changes: Partial<ConformanceSpec<MemoryInstance>> = {}) {
    const spec = { ...memorySpec(this.world), reuse: true, ...changes };
    this.#harness = new Harness(spec, {
      describe: (_name, body) => body(),
      test: (_name, body) => {
        this.#next = body;
      },
      afterEach: () => {},
    });
  }

  async run(name: string, body: (bench: Bench) => Promise<void>): Promise<void> {
    this.#harness.test(name, body);
    try {
      await this.#next?.();
    } finally {
      await this.#harness.tidy();
    }
  }

  /** The name of the instance that a case borrows, and does this with. */
  async borrower(
    name: string,
    body: (instance: InstanceInterface, bench: Bench) => unknown = () => {},
  ): Promise<string> {
    let borrowed = '';
    await this.run(name, async (bench) => {
      const instance = await bench.borrow();
      expect(instance.state).toBe('running');
      borrowed = instance.name;
      await body(instance, bench);
    });
    return borrowed;
  }

  async end(): Promise<readonly string[]> {
    await this.#harness.endReuse();
    await this.#harness.tidy();
    return this.world.leaks();
  }
}

test('cases that borrow have the same instance, those that create one of their own', async () => {
  const suite = new Suite();
  const first = await suite.borrower('one');
  await suite.run('another', async (bench) => {
    expect((await bench.create()).name).not.toBe(first);
    expect(await bench.leaks()).not.toContain(`place ${first}`);
  });
  expect(await suite.borrower('two')).toBe(first);
  expect(await suite.end()).toEqual([]);
});

test('without reuse each has its own', async () => {
  const suite = new Suite({ reuse: false });
  const first = await suite.borrower('one');
  expect(suite.world.leaks()).toEqual([]);
  expect(await suite.borrower('two')).not.toBe(first);
});

describe('it is not given on', () => {
  test.each<[string, (instance: InstanceInterface, bench: Bench) => unknown]>([
    ['busy', (instance, { commands }) => void instance.sendCommand(commands.hang()).result.catch(() => {})],
    ['stopped', (instance) => instance.stop()],
    ['let go', (instance) => instance.detach()],
    ['removed', (instance) => instance.cleanup()],
  ])('when it was left %s', async (_, body) => {
    const suite = new Suite();
    const first = await suite.borrower('one', body);
    expect(await suite.borrower('two')).not.toBe(first);
    expect(await suite.end()).toEqual([]);
  });

  test('when it answers wrongly', async () => {
    const commands = memorySpec().commands;
    const suite = new Suite({ commands: { ...commands, echo: (text) => commands.echo(`${text}!`) } });
    const first = await suite.borrower('one');
    expect(suite.world.leaks()).toEqual([]);
    expect(await suite.borrower('two')).not.toBe(first);
  });

  test('when the case has failed', async () => {
    const suite = new Suite();
    const fail = (): never => {
      throw new Error('no');
    };
    await expect(suite.borrower('one', fail)).rejects.toThrow(/^no$/);
    expect(suite.world.leaks()).toEqual([]);
  });
});

test('a case that fails on a used one says who had it before', async () => {
  const suite = new Suite();
  await suite.borrower('the first');
  const failing = suite.borrower('the second', () => expect(1).toBe(2));
  await expect(failing).rejects.toThrow('(on an instance that "the first" had before)');
  expect(await suite.end()).toEqual([]);
});

test('what else is left is told, though one lives on', async () => {
  const suite = new Suite();
  await suite.borrower('one');
  const leaving = suite.run('two', async () => void suite.world.create('forgotten'));
  await expect(leaving).rejects.toThrow('left behind: place forgotten');
});
