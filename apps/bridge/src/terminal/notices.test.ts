import { beforeEach, describe, expect, test } from 'vitest';
import { Notices } from './notices.ts';
import { StatusLine } from './status-line.ts';

let written: string;
const terminal = { write: (text: string) => (written += text) };
const status = new StatusLine(terminal, false);
const notices = (options: { quiet?: boolean; verbose?: boolean; color?: boolean } = {}) =>
  new Notices({ terminal, status, quiet: false, verbose: false, color: false, ...options });

beforeEach(() => {
  written = '';
});

describe('Notices', () => {
  test('say who speaks', () => {
    const it = notices();
    it.info('hello');
    it.warn('careful');
    it.failure(Object.assign(new Error('Broken. Mend it.'), { code: 'CCB_X' }));
    expect(written).toBe('ccb: hello\nccb: warning: careful\nccb: Broken. Mend it. (CCB_X)\n');
  });

  test('keep quiet about all but failures', () => {
    const it = notices({ quiet: true });
    it.info('hello');
    it.warn('careful');
    it.log({ level: 'error', event: 'x' });
    it.failure(new Error('Broken.'));
    expect(written).toBe('ccb: Broken.\n');
  });

  test('show the causes, never a stack, when verbose', () => {
    notices({ verbose: true }).failure(new Error('Broken.', { cause: new Error('root') }));
    expect(written).toBe('ccb: Broken.\nccb: caused by: root\n');
  });

  test('show the log when verbose, else only what is wrong', () => {
    const entries = [
      { level: 'debug', event: 'pipe.up', epoch: 'a1' },
      { level: 'warn', event: 'pipe.peer_lost', waitedMs: 5, why: 'two words', error: new Error('x\u001b[2J') },
    ] as const;
    for (const entry of entries) notices().log(entry);
    expect(written).toBe('ccb: warn: pipe.peer_lost waitedMs=5 why="two words" error="x\\u001b[2J"\n');
    written = '';
    for (const entry of entries) notices({ verbose: true }).log(entry);
    expect(written.split('\n')[0]).toBe('ccb: debug: pipe.up epoch=a1');
  });

  test('wear colours where they are wanted', () => {
    notices({ color: true }).warn('careful');
    expect(written).toBe('\u001b[33mccb: warning:\u001b[39m careful\n');
  });
});
