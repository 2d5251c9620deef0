import type { RawPipes } from './children/raw-pipes.ts';
import type { Stream, Transfer } from './children/transfer.ts';
import type { InstanceSetting } from './instance.ts';
import type { Workplace } from './workplace.ts';

/** MB/s of a program's output: the program → Node → FIFO → Node, no protocol. Both ends are new processes. */
export async function rawThroughput(place: Workplace, stream: Stream): Promise<number> {
  const pipes: RawPipes = { incoming: await place.fifo('raw'), outgoing: await place.fifo('raw'), direct: true };
  await using _far = await place.side('raw-copy', pipes);
  return rate(await place.fresh<Stream, Transfer>('raw-stream', pipes, stream));
}

/** MB/s of the same through a new instance with a shell. `replay`: of reading the finished answer again. */
export async function instanceThroughput(place: Workplace, stream: Stream, replay = false): Promise<number> {
  const setting: InstanceSetting = { home: place.path('home'), name: 'stream', program: 'shell' };
  return rate(
    await place.fresh<Stream & { replay: boolean }, Transfer>('instance-stream', setting, { ...stream, replay }),
  );
}

function rate({ bytes, ms }: Transfer): number {
  return bytes / 1000 / ms;
}
