import assert from 'node:assert/strict';
import type { CommandOptions, CommandStream, InstanceInterface } from '@ccb/instance-interface';
import type { Commands } from '../commands.ts';

/** A command that has begun, and goes on until it is ended from outside. */
export interface Hanging {
  readonly stream: CommandStream;
  /** What was read of it; going on with it is up to the test. */
  readonly reader: AsyncIterator<string>;
}

/** Sends `hang()`, and resolves when its `begun\n` has come. */
export async function hang(
  instance: InstanceInterface,
  commands: Commands,
  options?: CommandOptions,
): Promise<Hanging> {
  const stream = instance.sendCommand(commands.hang(), options);
  const reader = stream.text({ cancelOnReturn: false })[Symbol.asyncIterator]();
  let text = '';
  while (text.length < 'begun\n'.length) {
    const { done, value } = await reader.next();
    if (done) assert.fail(`hang() ended after ${JSON.stringify(text)}: ${JSON.stringify(await stream.result)}`);
    text += value;
  }
  assert.equal(text, 'begun\n', 'what hang() says first');
  return { stream, reader };
}
