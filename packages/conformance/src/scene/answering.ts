import assert from 'node:assert/strict';
import type { CollectedResult, InstanceInterface } from '@ccb/instance-interface';
import type { Commands } from '../commands.ts';

/** Asserts that the instance takes a command and answers it exactly. */
export async function assertAnswers(
  instance: InstanceInterface,
  commands: Commands,
  text: string,
): Promise<CollectedResult> {
  const result = await instance.sendCommandAndWait(commands.echo(text));
  assert.equal(result.output, text);
  assert.equal(result.success, true, JSON.stringify(result));
  return result;
}
