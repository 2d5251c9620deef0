import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { describeClaude, filesIn } from '../testing/claude.ts';
import { read } from '../testing/reading.ts';

describeClaude('what goes wrong', (claude) => {
  const box = claude.shared();

  test.each([
    [400, 'CCB_MODEL_ERROR', false, /400.*The prompt asked for this error/],
    [401, 'CCB_SIGN_IN', false, /not signed in .*ANTHROPIC_API_KEY/],
    [429, 'CCB_MODEL_ERROR', true, /429|rate limit/],
    [500, 'CCB_MODEL_ERROR', true, /500/],
    [529, 'CCB_MODEL_ERROR', true, /529/],
  ])('in the API, with %i, is told with a code, and whether it may pass', async (status, code, retryable, message) => {
    const reading = await read(box().sendCommand(`error: ${status}`));
    expect(await reading.stream.result).toMatchObject({
      success: false,
      status: 'failed',
      completedBy: 'program',
      error: { code, retryable, message: expect.stringMatching(message) },
    });
    expect(reading.text).toBe('');
    if (status >= 500) expect(reading.statuses('retry')).toEqual([expect.stringMatching(/^attempt 1 of 1 .*\d/)]);
    if (status < 429) expect(reading.statuses('retry')).toEqual([]);
    expect(await box().sendCommandAndWait('say: well')).toMatchObject({ success: true, output: 'well' });
  });

  test('and passes is told as a retry, in a command that succeeds', async () => {
    const reading = await read(box().sendCommand('error: 529 once'));
    expect(reading.text).toBe('recovered');
    expect(reading.statuses('retry')).toEqual([expect.stringMatching(/^attempt 1 of 1 in \d.*529/)]);
    expect(await reading.stream.result).toMatchObject({ success: true });
  });

  test('with the connection is a failure that may pass, with what was said until then', async () => {
    const cut = await box().sendCommandAndWait('cut');
    expect(cut).toMatchObject({ success: false, error: { code: 'CCB_MODEL_ERROR', retryable: true } });
    expect(cut.output).toMatch(/^begun\n/);
    expect(await box().sendCommandAndWait('say: well')).toMatchObject({ success: true, output: 'well' });
  });

  test('without a login says how to sign in', async () => {
    const { ANTHROPIC_API_KEY: _, ...env } = claude.env;
    await using anonymous = await claude.create('anonymous', { env });
    expect(await anonymous.sendCommandAndWait('say: never')).toMatchObject({
      success: false,
      output: '',
      error: {
        code: 'CCB_SIGN_IN',
        retryable: false,
        message: expect.stringMatching(/^Claude Code is not signed in .*ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH/),
      },
    });
    expect(claude.api.requests.some(({ prompt }) => prompt === 'say: never')).toBe(false);
  });
});

describeClaude('the configuration', (claude) => {
  test('is the instance’s own, unless a person’s is asked for: that one is used in its place', async () => {
    await using own = await claude.create('own');
    await own.sendCommandAndWait('say: mine');
    expect(filesIn(claude.home)).toEqual([]);
    expect(readdirSync(join(claude.sandbox.layout('own').home, '.claude'))).toContain('projects');

    const configuration = join(claude.sandbox.root, 'configuration');
    vi.stubEnv('CLAUDE_CONFIG_DIR', configuration);
    {
      await using persons = await claude.create('persons', { login: 'person' });
      expect(await persons.sendCommandAndWait('say: a person’s')).toMatchObject({ output: 'a person’s' });
    }
    expect(filesIn(configuration)).toContainEqual(expect.stringMatching(/^projects\/.*\.jsonl$/));
    expect(filesIn(claude.home)).toEqual([]);
    vi.stubEnv('CLAUDE_CONFIG_DIR', undefined);

    const home = join(claude.sandbox.root, 'persons-home');
    vi.stubEnv('HOME', home);
    {
      await using persons = await claude.create('persons', { login: 'person' });
      expect(await persons.sendCommandAndWait('say: a person’s')).toMatchObject({ output: 'a person’s' });
    }
    vi.stubEnv('HOME', claude.home);
    expect(filesIn(home)).toContainEqual(expect.stringMatching(/^\.claude\/projects\/.*\.jsonl$/));
    expect(filesIn(home)).toContain('.claude.json');
    expect(filesIn(claude.sandbox.layout('own').home)).not.toContain('.claude.json');
  });
});
