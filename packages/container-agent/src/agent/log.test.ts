import {
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileLog, LogLimit, stderrLog } from './log.ts';

describe('LogLimit', () => {
  it('admits 100 entries of one event in a minute, and then says how many it left out', () => {
    const limit = new LogLimit();
    const admitted = Array.from({ length: 1_000 }, (_, i) => limit.admit('frame.invalid', i)).filter(
      (each) => each === 0,
    );
    expect(admitted).toHaveLength(100);
    expect(limit.admit('host.up', 999)).toBe(0);
    expect(limit.admit('frame.invalid', 59_999)).toBeUndefined();
    expect(limit.admit('frame.invalid', 60_000)).toBe(901);
    expect(limit.admit('frame.invalid', 60_001)).toBe(0);
  });
});

describe('the log', () => {
  let directory: string;
  let path: string;
  let fd: number;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'agent-log-'));
    path = join(directory, 'agent.log');
    fd = openSync(path, 'a');
  });
  afterEach(() => {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  });
  const entries = (): Record<string, unknown>[] =>
    readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it('has one JSON line an entry', () => {
    stderrLog('one', fd)('warn', 'host.down', { reason: 'eof' });
    expect(entries()).toMatchObject([{ level: 'warn', event: 'host.down', instance: 'one', reason: 'eof' }]);
  });

  it('stays small whatever a host makes of its messages', () => {
    const log = stderrLog('one', fd);
    for (let i = 0; i < 10_000; i += 1) log('warn', 'frame.invalid', { reason: 'x'.repeat(10_000) });
    expect(entries()).toHaveLength(100);
    expect(statSync(path).size).toBeLessThan(300_000);
  });

  it('begins anew beyond 16 MiB', () => {
    writeFileSync(path, Buffer.alloc(16 * 1024 * 1024 + 1, 'x'));
    stderrLog('one', fd)('info', 'agent.started');
    expect(entries()).toHaveLength(1);
  });

  it('does not throw when there is nothing to write to', () => {
    const gone = openSync(path, 'r');
    stderrLog('one', gone)('info', 'agent.started');
    closeSync(gone);
    expect(statSync(path).size).toBe(0);
  });

  it('goes on in a file that it is given, or makes it for its owner alone', () => {
    fileLog('one', path)('info', 'agent.started');
    expect(entries()).toMatchObject([{ event: 'agent.started' }]);
    fileLog('one', path)('info', 'agent.started');
    expect(entries()).toHaveLength(2);
    const made = join(directory, 'made.log');
    fileLog('one', made)('info', 'agent.started');
    expect(statSync(made).mode & 0o777).toBe(0o600);
  });

  it('follows no link and writes to nothing but a file of one name', () => {
    const at = (name: string): string => join(directory, name);
    symlinkSync(path, at('link'));
    linkSync(path, at('second'));
    mkdirSync(at('directory'));
    for (const name of ['link', 'second', 'directory']) {
      expect(() => fileLog('one', at(name))).toThrow(/agent's log .* Move it away/);
    }
    expect(statSync(path).size).toBe(0);
  });
});
