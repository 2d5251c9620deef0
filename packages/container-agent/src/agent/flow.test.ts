import { expect, test } from 'vitest';
import { freshDirectory, openJournal } from '../journal/testing/directory.ts';
import { eventLine, put } from '../journal/testing/lines.ts';
import { Flow } from './flow.ts';
import { ScriptedDriver } from './testing/scripted-driver.ts';

function parts() {
  const journal = openJournal(freshDirectory(), { segmentBytes: 4_000 });
  const driver = new ScriptedDriver({
    workspace: '/',
    env: {},
    directory: '/',
    memory: '/',
    args: [],
    endStrays: () => {},
    log: () => {},
    spawned: () => {},
    exited: () => {},
  });
  const flow = new Flow(journal, 10_000, () => driver);
  const grow = (bytes: number): void => {
    for (const until = journal.tail + bytes; journal.tail < until; ) {
      put(journal, eventLine(journal.lastSeq + 1, 'a', 'x'.repeat(900)));
      flow.update();
    }
  };
  return { journal, driver, flow, grow };
}

test('a reader that is too far behind holds the program, once, and half of that sets it free', () => {
  const { journal, driver, flow, grow } = parts();
  grow(9_000);
  expect(driver.asked).toEqual([]);
  grow(4_000);
  expect(driver.asked).toEqual(['pause']);
  journal.acknowledge(2);
  flow.update();
  expect(driver.asked).toEqual(['pause']);
  journal.acknowledge(journal.lastSeq - 1);
  flow.update();
  flow.update();
  expect(driver.asked).toEqual(['pause', 'resume']);
});

test('output that is thrown away never holds the program, and afterwards the lag counts again', () => {
  const { driver, flow, grow } = parts();
  grow(12_000);
  flow.discarding(true);
  grow(12_000);
  expect(driver.asked).toEqual(['pause', 'resume']);
  flow.discarding(false);
  expect(driver.asked).toEqual(['pause', 'resume', 'pause']);
});
