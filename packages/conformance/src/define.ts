import type { InstanceInterface } from '@ccb/instance-interface';
import { groups } from './groups/groups.ts';
import { Harness } from './harness.ts';
import { globalRunner, type TestRunner } from './runner.ts';
import type { ConformanceSpec, Faults } from './spec.ts';

const faultNames: readonly (keyof Faults)[] = ['killProgram', 'killAgent', 'killBackend', 'freeze'];

/**
 * Defines the tests that every backend must pass. Asserts with `node:assert`.
 * @param runner default: the global `describe`, `test` and `afterEach`
 * @throws {TypeError} for a spec that leaves something open: a fault that the backend cannot suffer is `null`
 */
export function defineConformance<I extends InstanceInterface>(
  spec: ConformanceSpec<I>,
  runner: TestRunner = globalRunner(),
): void {
  for (const name of faultNames) {
    if (spec.faults[name] === undefined) {
      throw new TypeError(`${spec.name}: faults.${name} is missing; a fault that the backend cannot suffer is null`);
    }
  }
  const harness = new Harness(spec, runner);
  runner.describe(`${spec.name} conforms:`, () => {
    runner.afterEach(() => harness.tidy());
    for (const group of groups) runner.describe(group.name, () => group.define(harness));
    // As a test: not every runner has something that comes after all.
    if (spec.reuse === true) runner.test('what was used by many cases leaves nothing', () => harness.endReuse());
  });
}
