// Many channels to one peer process, with nothing to say.
import { NamedPipeChannel } from '@ccb/named-pipe';
import { serve, setting } from './duty.ts';

const { directory, count, end } = setting<{ directory: string; count: number; end: 'listen' | 'connect' }>();
const channels: NamedPipeChannel[] = [];
for (let index = 0; index < count; index++) {
  channels.push(await NamedPipeChannel[end](`${directory}/${index}`, end === 'connect' ? { lazy: true } : {}));
}

/** % of one core, over so many ms. */
async function usage(ms: number): Promise<number> {
  await Promise.all(channels.map((channel) => channel.whenUp({ timeoutMs: 30_000 })));
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, ms));
  const { user, system } = process.cpuUsage(before);
  return ((user + system) / 1000 / ms) * 100;
}

serve(usage, async () => {
  await Promise.all(channels.map((channel) => channel.close()));
});
