// The far end of a channel: gives each message back.
import { NamedPipeChannel } from '@ccb/named-pipe';
import { serve, setting } from './duty.ts';

const channel = await NamedPipeChannel.listen(setting<{ path: string }>().path);
channel.subscribe((message) => void channel.send(message));
serve(
  () => undefined,
  () => channel.close(),
);
