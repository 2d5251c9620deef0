// A program's output through the engine without ccb, from a bash in a container that is told to run it.
import { type ContainerPipeSetting, openContainerPipe } from './container-pipe.ts';
import { serve, setting } from './duty.ts';
import { quoted } from './quoting.ts';
import type { Stream, Transfer } from './transfer.ts';

let missing = 0;
let complete: () => void = () => {};

const pipe = await openContainerPipe(setting<ContainerPipeSetting>(), (piece) => {
  missing -= piece.length;
  if (missing === 0) complete();
});

serve(
  async ({ argv, bytes }: Stream): Promise<Transfer> => {
    missing = bytes;
    const before = performance.now();
    await new Promise<void>((resolve) => {
      complete = resolve;
      pipe.write(`${quoted(argv)}\n`);
    });
    return { bytes, ms: performance.now() - before };
  },
  () => void pipe.destroy(),
);
