// From nothing to the first answer of an instance in a container, step by step; then it is removed.
import { createContained, type InstanceSetting } from '../instance.ts';
import { serve, setting } from './duty.ts';

export interface ColdStart {
  /** ms of each step. */
  readonly create: number;
  readonly start: number;
  readonly agent: number;
  readonly program: number;
  readonly answer: number;
  readonly total: number;
}

const options = setting<InstanceSetting>();

serve(async (): Promise<ColdStart> => {
  const moments = new Map<string, number>();
  const before = performance.now();
  const instance = await createContained(options, ({ event }) => void moments.set(event, performance.now()));
  try {
    const created = performance.now();
    await instance.start();
    const ready = performance.now();
    let said = '';
    for await (const piece of instance.sendCommand('echo hello')) said += piece;
    const answered = performance.now();
    if (said !== 'hello\n') throw new Error(`Not the answer: ${JSON.stringify(said)}`);
    const started = moments.get('container.started') ?? Number.NaN;
    const reached = moments.get('transport.chosen') ?? Number.NaN;
    return {
      create: created - before,
      start: started - created,
      agent: reached - started,
      program: ready - reached,
      answer: answered - ready,
      total: answered - before,
    };
  } finally {
    await instance.cleanup({ remove: true });
  }
});
