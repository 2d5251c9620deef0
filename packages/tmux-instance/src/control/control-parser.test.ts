import { expect, test } from 'vitest';
import { type ControlEvent, ControlParser } from './control-parser.ts';

const transcript = Buffer.from(
  [
    '%begin 1700000000 264 0',
    '%end 1700000000 264 0',
    '%window-renamed @0 é世界',
    '%session-changed $0 ccb-hub-1-1',
    '%begin 1700000000 270 1',
    '%0 0 %end 1 2 3',
    '%end 1700000000 269 1',
    '%begin 1700000001 12 1',
    'back\\slash 👍',
    '%end 1700000000 270 1',
    '%begin 1700000001 271 1',
    "can't find pane: %9",
    '%error 1700000001 271 1',
    '%client-detached /dev/pts/3',
    '%exit server exited unexpectedly',
    '',
  ].join('\n'),
);

const expected: readonly ControlEvent[] = [
  { type: 'reply', ok: true, mine: false, lines: [] },
  { type: 'notification', name: '%window-renamed', args: '@0 é世界' },
  { type: 'notification', name: '%session-changed', args: '$0 ccb-hub-1-1' },
  {
    type: 'reply',
    ok: true,
    mine: true,
    lines: ['%0 0 %end 1 2 3', '%end 1700000000 269 1', '%begin 1700000001 12 1', 'back\\slash 👍'],
  },
  { type: 'reply', ok: false, mine: true, lines: ["can't find pane: %9"] },
  { type: 'notification', name: '%client-detached', args: '/dev/pts/3' },
  { type: 'notification', name: '%exit', args: 'server exited unexpectedly' },
];

function parse(chunks: readonly Buffer[]): readonly ControlEvent[] {
  const events: ControlEvent[] = [];
  const parser = new ControlParser((event) => events.push(event));
  for (const chunk of chunks) parser.push(chunk);
  return events;
}

test('a transcript is the same however it is cut', () => {
  for (let cut = 0; cut <= transcript.length; cut += 1)
    expect(parse([transcript.subarray(0, cut), transcript.subarray(cut)])).toEqual(expected);
  expect(parse([...transcript].map((byte) => Buffer.of(byte)))).toEqual(expected);
});
