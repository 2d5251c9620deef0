import assert from 'node:assert/strict';
import { type CommandResult, type CommandStream, InstanceError } from '@ccb/instance-interface';

/** Asserts that it rejects with an InstanceError of one of these codes. @returns the error */
export async function refusal(promise: Promise<unknown>, ...codes: readonly string[]): Promise<InstanceError> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    if (!InstanceError.is(error)) throw error;
    assert.ok(codes.includes(error.code), `${codes.join(' or ')} was expected, not ${error.code}: ${error.message}`);
    return error;
  }
  assert.fail(`${codes.join(' or ')} was expected, but it resolved with ${JSON.stringify(value)}`);
}

/** Asserts that a stream fails with this code, for its reader as for its result. */
export async function streamRefusal(stream: CommandStream, code: string): Promise<InstanceError> {
  await refusal(stream.text()[Symbol.asyncIterator]().next(), code);
  return await refusal(stream.result, code);
}

/** How a command ended that must not succeed: the code of its result, or of what its result rejects with. */
export async function failureCode(result: Promise<CommandResult>): Promise<string> {
  try {
    const settled = await result;
    assert.equal(settled.success, false, 'a command that was broken off is no success');
    return settled.error?.code ?? '';
  } catch (error) {
    if (!InstanceError.is(error)) throw error;
    return error.code;
  }
}
