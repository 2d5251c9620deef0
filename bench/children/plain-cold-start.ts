// From nothing to the first answer of a program in a container without ccb, through the engine; then it is removed.
import { EngineApi, stdoutOf } from '../engine-api.ts';
import { serve, setting } from './duty.ts';

export interface PlainStart {
  /** ms of each step. */
  readonly create: number;
  readonly start: number;
  readonly answer: number;
  readonly total: number;
}

const { container, input, answer } = setting<{
  readonly container: object;
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
      const pipe = await api.hijack(`/containers/${id}/attach?stream=1&stdin=1&stdout=1&stderr=1`);
      let said = '';
      const answered = new Promise<number>((resolve) => {
        const take = stdoutOf((piece) => {
          said += piece.toString('latin1');
          if (said === answer) resolve(performance.now());
        });
        pipe.on('data', take);
      });
      await api.ask('POST', `/containers/${id}/start`);
      const started = performance.now();
      pipe.write(input);
      const end = await answered;
      pipe.destroy();
      return { create: created - before, start: started - created, answer: end - started, total: end - before };
    } finally {
      await api.ask('DELETE', `/containers/${id}?force=true&v=true`);
    }
  },
  () => api.close(),
);
