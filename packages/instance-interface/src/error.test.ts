import { describe, expect, test } from 'vitest';
import { InstanceError } from './index.ts';

describe('InstanceError', () => {
  test('carries code, retryable, cause and instance', () => {
    const cause = new Error('EPIPE');
    const error = new InstanceError('CCB_PIPE', 'work: the pipe broke.', { cause, retryable: true, instance: 'work' });
    expect(error).toMatchObject({ code: 'CCB_PIPE', retryable: true, instance: 'work', cause, name: 'InstanceError' });
    expect(String(error)).toBe('InstanceError: work: the pipe broke.');
    expect(error).toBeInstanceOf(Error);
  });

  test('is not retryable, and has neither cause nor instance, unless it says so', () => {
    const error = new InstanceError('CCB_CLOSED', 'closed');
    expect(error.retryable).toBe(false);
    expect('cause' in error).toBe(false);
    expect(error.instance).toBeUndefined();
  });

  test('is recognised by code', () => {
    const error: unknown = new InstanceError('CCB_LOCKED', 'locked');
    expect(InstanceError.is(error)).toBe(true);
    expect(InstanceError.is(error, 'CCB_LOCKED')).toBe(true);
    expect(InstanceError.is(error, 'CCB_BUSY')).toBe(false);
  });

  test.each([undefined, null, 'CCB_LOCKED', 7, {}, new Error('x'), { code: 'CCB_LOCKED' }])('is not %s', (value) => {
    expect(InstanceError.is(value)).toBe(false);
  });

  test('is recognised by a second copy of the package', async () => {
    // @ts-expect-error the query makes another module of the same file
    const other = (await import('./error.ts?second-copy')) as typeof import('./error.ts');
    expect(other.InstanceError).not.toBe(InstanceError);
    const foreign = new other.InstanceError('CCB_BUSY', 'busy');
    expect(foreign).not.toBeInstanceOf(InstanceError);
    expect(InstanceError.is(foreign, 'CCB_BUSY')).toBe(true);
    expect(other.InstanceError.is(new InstanceError('CCB_BUSY', 'busy'), 'CCB_BUSY')).toBe(true);
  });
});
