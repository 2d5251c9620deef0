import { renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Stream, Transfer } from '../children/transfer.ts';
import type { Figure } from '../figure.ts';
import { makeInput } from '../inputs.ts';
import type { InstanceSetting } from '../instance.ts';
import { interleave } from '../interleaving.ts';
import type { Side } from '../side.ts';
import type { Workplace } from '../workplace.ts';
import { Dock } from './dock.ts';

const ROUNDS = 7;
const MEGABYTES = 48;
const SMALL_WRITES = 240_000;

type Streaming = Side<Stream & { readonly replay?: boolean }, Transfer>;

/** A program's long output, out of a container. */
export async function dockerStreaming(place: Workplace): Promise<Figure[]> {
  const dock = await Dock.at(place);
  const { path, bytes } = makeInput(place, 'ascii', MEGABYTES);
  const file = join(dock.workspace, 'text');
  renameSync(path, file);
  const inside: Stream = { argv: ['cat', '/workspace/text'], bytes };
  const outside: Stream = { argv: ['cat', file], bytes };
  const drops: Stream = {
    argv: [
      'node',
      '-e',
      `const b = Buffer.from('x'.repeat(99) + '\\n'); for (let n = 0; n < ${SMALL_WRITES}; n++) fs.writeSync(1, b)`,
    ],
    bytes: SMALL_WRITES * 100,
  };
  const instance = (setting: InstanceSetting): Promise<Streaming> => place.side('instance-stream', setting);
  const sides = {
    fifo: await instance(dock.instance('stream-fifo', 'shell', 'fifo')),
    relay: await instance(dock.instance('stream-relay', 'shell', 'exec')),
    process: await instance({ home: place.path('home'), name: 'stream', program: 'shell' }),
    exec: (await place.side('container-stream', {
      container: await dock.run(['sleep', '1000']),
      argv: ['bash'],
    })) as Streaming,
    attach: (await place.side('container-stream', { container: await dock.run(['bash']) })) as Streaming,
  };
  return [
    ...(await compared('64 KiB writes, ASCII text', sides, inside, outside)),
    ...(await compared('100-byte writes', sides, drops, drops)),
  ];
}

async function compared(
  kind: string,
  sides: Readonly<Record<'fifo' | 'relay' | 'process' | 'exec' | 'attach', Streaming>>,
  inside: Stream,
  outside: Stream,
): Promise<Figure[]> {
  const rate = async (side: Streaming, stream: Stream): Promise<number> => {
    const { bytes, ms } = await side.ask(stream);
    return bytes / 1000 / ms;
  };
  const turns = {
    fifo: () => rate(sides.fifo, inside),
    relay: () => rate(sides.relay, inside),
    process: () => rate(sides.process, outside),
    exec: () => rate(sides.exec, inside),
    attach: () => rate(sides.attach, inside),
  };
  // Code and journals are warm: what is measured is the way.
  await interleave(1, turns);
  const samples = await interleave(ROUNDS, turns);
  const figure = (name: string, ours: keyof typeof turns, baseline: keyof typeof turns): Figure => ({
    name: `${kind}, ${name}`,
    unit: 'MB/s',
    ours: samples[ours],
    baseline: samples[baseline],
    compare: 'ratio',
  });
  return [
    figure('FIFOs (baseline: an instance without a container)', 'fifo', 'process'),
    figure('FIFOs (baseline: docker exec -i)', 'fifo', 'exec'),
    figure('FIFOs (baseline: docker attach)', 'fifo', 'attach'),
    figure('relay (baseline: docker exec -i)', 'relay', 'exec'),
    figure('relay (baseline: docker attach)', 'relay', 'attach'),
  ];
}
