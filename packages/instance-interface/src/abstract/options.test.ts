import { describe, expect, test } from 'vitest';
import type { CommandOptions } from '../index.ts';
import { ScriptedInstance } from '../testing/scripted.ts';

const bad = (options: unknown): CommandOptions => options as CommandOptions;

describe('a mistake of the caller is a TypeError that says what to do', () => {
  const instance = new ScriptedInstance();

  test.each([
    ['', /must not be empty/],
    ['a\0b', /NUL character: remove it/],
    [7 as never, /must be a string, but it is number/],
    [undefined as never, /must be a string/],
  ])('sendCommand(%j)', async (text, message) => {
    expect(() => instance.sendCommand(text)).toThrow(TypeError);
    expect(() => instance.sendCommand(text)).toThrow(message);
    await expect(instance.sendCommandAndWait(text)).rejects.toThrow(TypeError);
  });

  test.each([
    [null, /options must be an object/],
    [{ timeoutMs: 0 }, /timeoutMs must be a positive number of milliseconds, but it is 0/],
    [{ timeoutMs: -1 }, /timeoutMs/],
    [{ timeoutMs: Number.NaN }, /timeoutMs/],
    [{ timeoutMs: Number.POSITIVE_INFINITY }, /timeoutMs/],
    [{ timeoutMs: '5s' }, /timeoutMs must be a positive number of milliseconds, but it is "5s"/],
    [{ signal: {} }, /signal must be an AbortSignal/],
    [{ id: '' }, /id must be a string of 1 to 256 characters/],
    [{ id: 'a\nb' }, /id must be/],
    [{ id: 'x'.repeat(257) }, /id must be/],
    [{ permission: 'ask' }, /permission must be 'deny', 'allow' or a function, but it is "ask"/],
    [{ stderr: 'drop' }, /stderr must be 'separate' or 'merge'/],
  ])('sendCommand with options %j', (options, message) => {
    expect(() => instance.sendCommand('x', bad(options))).toThrow(TypeError);
    expect(() => instance.sendCommand('x', bad(options))).toThrow(message);
  });

  test('the other calls', async () => {
    await expect(instance.sendCommandAndWait('x', { maxOutputBytes: -1 })).rejects.toThrow(/maxOutputBytes/);
    await expect(instance.sendCommandAndWait('x', { maxOutputBytes: 2 ** 31 })).rejects.toThrow(/maxOutputBytes/);
    expect(() => instance.resumeCommand('')).toThrow(/id must be/);
    expect(() => instance.resumeCommand('a', { after: '' })).toThrow(/after must be a cursor/);
    expect(() => instance.history({ follow: 1 as never })).toThrow(/follow must be true or false/);
    expect(() => instance.onStateChange(7 as never)).toThrow(/listener must be a function/);
    await expect(instance.stop({ graceMs: -1 })).rejects.toThrow(/graceMs/);
    await expect(instance.start({ timeoutMs: 0 })).rejects.toThrow(TypeError);
    await expect(instance.cleanup({ remove: 'yes' as never })).rejects.toThrow(/remove must be true or false/);
    await expect(instance.isRunning({ timeoutMs: 0 })).rejects.toThrow(TypeError);
    await expect(instance.getInfo({ timeoutMs: 0 })).rejects.toThrow(TypeError);
    await expect(instance.interrupt({ timeoutMs: 0 })).rejects.toThrow(TypeError);
    await expect(instance.detach({ timeoutMs: 0 })).rejects.toThrow(TypeError);
  });

  test('the constructor', () => {
    expect(() => new ScriptedInstance({}, { maxQueue: -1 })).toThrow(/maxQueue must be a whole number/);
    expect(() => new ScriptedInstance({}, { permission: 'ask' as never })).toThrow(/permission/);
    expect(() => new ScriptedInstance({}, { name: 'No' })).toThrow(
      expect.objectContaining({ code: 'CCB_RECORD_INVALID' }),
    );
  });

  test('explicit undefined is the default, everywhere', async () => {
    const options = {
      timeoutMs: undefined,
      signal: undefined,
      id: undefined,
      stderr: undefined,
      permission: undefined,
    };
    await expect(instance.sendCommandAndWait('x', { ...options, maxOutputBytes: undefined })).resolves.toMatchObject({
      output: 'x',
    });
    await instance.stop({ graceMs: undefined });
    await instance.cleanup({ remove: undefined });
  });

  test('nothing was sent by any of them', () => {
    expect(instance.calls.filter((call) => call.startsWith('run'))).toEqual(['run x']);
  });
});
