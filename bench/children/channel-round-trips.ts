// The near end of a channel: one message there and back, without an agent.
import { NamedPipeChannel } from '@ccb/named-pipe';
import { serve, setting } from './duty.ts';
import { timeEach } from './timing.ts';

const channel = await NamedPipeChannel.connect(setting<{ path: string }>().path);
const messages = channel.messages();
const text = 'x'.repeat(100);

serve(
  (count: number) =>
    timeEach(count, async () => {
      await channel.send({ text });
      await messages.next();
    }),
  () => channel.close(),
);
