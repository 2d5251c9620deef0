import { describe, expect, it } from 'vitest';
import { commandLine } from './command-line.ts';

const fresh = { sessionId: '8f14e45f-ceea-4e7b-8a4c-0d6bf2a4c1de', resume: false };

describe('commandLine', () => {
  it('begins a conversation, or goes on with it', () => {
    expect(commandLine(fresh, []).slice(-2)).toEqual(['--session-id', fresh.sessionId]);
    expect(commandLine({ ...fresh, resume: true }, []).slice(-2)).toEqual(['--resume', fresh.sessionId]);
  });

  it('hands over what a person wants, last and verbatim', () => {
    const args = [
      '--model',
      'opus',
      '--append-system-prompt',
      'two words',
      '--dangerously-skip-permissions',
      '-d',
      'api',
    ];
    expect(commandLine(fresh, args).slice(-args.length)).toEqual(args);
  });

  it.each([
    ['-p', '-p'],
    ['-pc', '-p'],
    ['--print', '--print'],
    ['--input-format', '--input-format'],
    ['--output-format=json', '--output-format'],
    ['--permission-prompt-tool', '--permission-prompt-tool'],
    ['-r', '-r'],
    ['-r8f14e45f', '-r'],
    ['--resume=8f14e45f', '--resume'],
    ['-c', '-c'],
    ['--continue', '--continue'],
    ['--session-id', '--session-id'],
    ['--fork-session', '--fork-session'],
    ['--no-session-persistence', '--no-session-persistence'],
    ['--version', '--version'],
    ['--', '--'],
  ])('refuses %s', (arg, name) => {
    expect(() => commandLine(fresh, ['--model', 'opus', arg])).toThrow(
      expect.objectContaining({
        code: 'CCB_PROGRAM_ARGS',
        message: expect.stringContaining(`cannot be started with ${name}: `),
      }),
    );
  });
});
