import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StatusLine } from './status-line.ts';

const ERASE = '\r\u001b[K';
let written: string;
const terminal = { columns: 20, write: (text: string) => (written += text) };

beforeEach(() => {
  written = '';
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

test('it appears with the first full second, counts, and is erased at the end', () => {
  const status = new StatusLine(terminal, true);
  status.start('waiting');
  expect(written).toBe('');
  vi.advanceTimersByTime(2_000);
  status.stop();
  vi.advanceTimersByTime(5_000);
  expect(written).toBe(`${ERASE}1s waiting${ERASE}2s waiting${ERASE}`);
});

test('it says what is waited for now, on one line of the terminal', () => {
  const status = new StatusLine(terminal, true);
  status.start('waiting');
  status.update('a tool with a very long name');
  vi.advanceTimersByTime(1_000);
  status.stop();
  expect(written).toBe(`${ERASE}1s a tool with a ve${ERASE}`);
});

test('it never overwrites an unfinished line', () => {
  const status = new StatusLine(terminal, true);
  status.start('waiting');
  status.hold('question', true);
  status.hold('answer', true);
  vi.advanceTimersByTime(2_000);
  status.hold('answer', false);
  vi.advanceTimersByTime(1_000);
  expect(written).toBe('');
  status.hold('question', false);
  vi.advanceTimersByTime(1_000);
  expect(written).toBe(`${ERASE}4s waiting`);
  status.stop();
});

test('it is silent where it is not wanted', () => {
  const status = new StatusLine(terminal, false);
  status.start('waiting');
  vi.advanceTimersByTime(3_000);
  status.stop();
  expect(written).toBe('');
});

test('a terminal that does not know its width (0 columns) is taken for one of 80', () => {
  const status = new StatusLine({ columns: 0, write: terminal.write }, true);
  status.start('waiting for a program');
  vi.advanceTimersByTime(1_000);
  status.stop();
  expect(written).toContain('1s waiting for a program');
});
