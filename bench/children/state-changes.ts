// How soon an idle instance says that its container was killed, after the moment that the engine gives its end.
import { EngineApi } from '../engine-api.ts';
import { type InstanceSetting, startInstance } from '../instance.ts';
import { serve, setting } from './duty.ts';

export interface Noticed {
  /** ms until it was said to be anything but running. */
  readonly first: number;
  /** ms until it was said to have failed, with the reason. */
  readonly failed: number;
}

const instance = await startInstance(setting<InstanceSetting>());
const api = new EngineApi();
const { containerName } = instance.record.data as unknown as { readonly containerName: string };
const now = (): number => performance.timeOrigin + performance.now();

serve(
  async (): Promise<Noticed> => {
    await instance.start();
    const since = Date.now() / 1000;
    let first: number | undefined;
    const failed = new Promise<number>((resolve) => {
      const ignore = instance.onStateChange(({ to }) => {
        first ??= now();
        if (to !== 'failed') return;
        ignore();
        resolve(now());
      });
    });
    await api.ask('POST', `/containers/${containerName}/kill`);
    const end = await failed;
    const died = await diedAt(since);
    return { first: (first ?? end) - died, failed: end - died };
  },
  async () => {
    await instance.cleanup({ remove: true });
    api.close();
  },
);

/** ms since the epoch, as the engine has written it down. */
async function diedAt(since: number): Promise<number> {
  const filters = encodeURIComponent(JSON.stringify({ container: [containerName], event: ['die'] }));
  const until = Date.now() / 1000;
  const lines = await api.ask('GET', `/events?since=${since}&until=${until}&filters=${filters}`);
  const { timeNano } = JSON.parse(lines.trim().split('\n').at(-1) ?? '{}') as { readonly timeNano: number };
  return timeNano / 1e6;
}
