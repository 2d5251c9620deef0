// The near end of a round trip without ccb through the engine: 100 bytes to a `cat` in a container and back.
import { type ContainerPipeSetting, openContainerPipe } from './container-pipe.ts';
import { serve, setting } from './duty.ts';
import { timeEach } from './timing.ts';

const message = Buffer.alloc(100, 'x');
let received = 0;
let complete: () => void = () => {};

const pipe = await openContainerPipe(setting<ContainerPipeSetting>(), (piece) => {
  received += piece.length;
  if (received < message.length) return;
  received -= message.length;
  complete();
});
const roundTrip = (): Promise<void> =>
  new Promise((resolve) => {
    complete = resolve;
    pipe.write(message);
  });

serve(
  (count: number) => timeEach(count, roundTrip),
  () => void pipe.destroy(),
);
