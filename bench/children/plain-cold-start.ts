// From nothing to the first answer of a program in a container without ccb, through the engine; then it is removed.
import { EngineApi } from '../engine-api.ts';
import { openContainerPipe } from './container-pipe.ts';
import { serve, setting } from './duty.ts';

export interface PlainStart {
  /** ms of each step. */
  readonly create: number;
  readonly start: number;
  readonly answer: number;
  readonly total: number;
}

const { container, argv, input, answer } = setting<{
  readonly container: object;
  /** What an exec runs; absent: the container's main program answers. */
  readonly argv?: readonly string[];
  readonly input: string;
  readonly answer: string;
}>();
const api = new EngineApi();

serve(
  async (): Promise<PlainStart> => {
    const before = performance.now();
    const id = await api.make('/containers/create', container);
    try {
      const created = performance.now();
      let said = '';
      let heard: () => void = () => {};
      const answered = new Promise<void>((resolve) => {
        heard = resolve;
      });
      const start = (): Promise<unknown> => api.ask('POST', `/containers/${id}/start`);
      if (argv !== undefined) await start();
      const pipe = await openContainerPipe({ container: id, argv }, (piece) => {
        said += piece.toString('latin1');
        if (said === answer) heard();
      });
      if (argv === undefined) await start();
      const started = performance.now();
      pipe.write(input);
      await answered;
      const end = performance.now();
      pipe.destroy();
      return { create: created - before, start: started - created, answer: end - started, total: end - before };
    } finally {
      await api.ask('DELETE', `/containers/${id}?force=true&v=true`);
    }
  },
  () => api.close(),
);
