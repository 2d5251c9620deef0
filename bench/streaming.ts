import type { Stream } from './children/transfer.ts';
import type { Bound, Figure } from './figure.ts';
import { type Input, makeInput } from './inputs.ts';
import { interleave } from './interleaving.ts';
import { instanceThroughput, rawThroughput } from './throughput.ts';
import type { Workplace } from './workplace.ts';

const ROUNDS = 7;

/** A program's long output, as it comes. */
export async function streaming(place: Workplace): Promise<Figure[]> {
  const large = cat(makeInput(place, 'ascii', 256));
  return [
    await versusRaw(place, '64 KiB writes, ASCII text', large, { better: 'higher', limit: 0.18, goal: 0.24 }),
    await versusRaw(place, '64 KiB writes, mixed UTF-8', cat(makeInput(place, 'utf8', 64))),
    await versusRaw(place, '64 KiB writes, code (many escapes)', cat(makeInput(place, 'code', 64))),
    ...(await smallWrites(place)),
  ];
}

/** A program that writes 100 bytes at a time, against 64 KiB writes of the same bytes on the raw path. */
async function smallWrites(place: Workplace): Promise<Figure[]> {
  const input = makeInput(place, 'ascii', 64);
  const writes = Math.round(input.bytes / 100);
  // Perl makes one system call for each; dd makes two, and its own pace is then what one measures.
  const drops: Stream = {
    argv: ['perl', '-e', `syswrite(STDOUT, 'x' x 99 . "\\n") for 1..${writes}`],
    bytes: writes * 100,
  };
  const { ours, raw, rawDrops } = await interleave(ROUNDS, {
    ours: () => instanceThroughput(place, drops),
    raw: () => rawThroughput(place, cat(input)),
    rawDrops: () => rawThroughput(place, drops),
  });
  const common = { unit: 'MB/s', ours, compare: 'ratio' } as const;
  return [
    {
      ...common,
      name: '100-byte writes (baseline: 64 KiB writes)',
      baseline: raw,
      bound: { better: 'higher', limit: 0.12, goal: 0.16 },
    },
    { ...common, name: '100-byte writes (baseline: the same writes)', baseline: rawDrops },
  ];
}

async function versusRaw(place: Workplace, name: string, stream: Stream, bound?: Bound): Promise<Figure> {
  const { ours, raw } = await interleave(ROUNDS, {
    ours: () => instanceThroughput(place, stream),
    raw: () => rawThroughput(place, stream),
  });
  return { name, unit: 'MB/s', ours, baseline: raw, compare: 'ratio', bound };
}

function cat({ path, bytes }: Input): Stream {
  return { argv: ['cat', path], bytes };
}
