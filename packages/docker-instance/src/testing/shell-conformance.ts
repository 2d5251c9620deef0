import { defineConformance, shareOf, shellCommands } from '@ccb/conformance';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { Transport } from '../agent/transport.ts';
import { conformanceSpec } from './conformance-spec.ts';
import { leaksOf } from './leaks.ts';
import { Sandbox } from './sandbox.ts';

/** The suite on a shell whose agent is reached in this way. */
export async function conformShell(transport: Transport): Promise<void> {
  const sandbox = await Sandbox.make();
  afterAll(() => sandbox[Symbol.asyncDispose]());
  const name = `docker with a shell, by ${transport}`;

  test(`${name}: that is the way`, async () => {
    const instance = await sandbox.create(`way-${transport}`, { transport });
    await instance.start();
    const { transport: taken } = await instance.getInfo();
    await instance.cleanup({ remove: true });
    expect(taken).toBe(transport);
    expect(await leaksOf(sandbox)).toEqual([]);
  });

  const runner = { describe, test, afterEach };
  // The relay is the same agent behind another carrier: every other group, unless CCB_WHOLE=1, where the pipes take all.
  const share = transport === 'exec' && process.env.CCB_WHOLE !== '1' ? shareOf(runner, 1, 2) : runner;
  defineConformance(conformanceSpec(sandbox, name, shellCommands, { transport }), share);
}
