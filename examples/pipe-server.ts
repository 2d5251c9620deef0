// Two unrelated Node processes and nothing but @ccb/named-pipe: this one answers in capitals. node pipe-server.ts PATH
import { NamedPipeChannel } from '@ccb/named-pipe';

interface Ask {
  readonly id: number;
  readonly text: string;
}
interface Answer {
  readonly id: number;
  readonly upper: string;
}

const path = process.argv[2] ?? `${process.env.XDG_RUNTIME_DIR ?? '/tmp'}/upper`;
const channel = await NamedPipeChannel.listen<Ask, Answer>(path);
process.once('SIGTERM', () => void channel.close());
process.once('SIGINT', () => void channel.close());
for await (const { id, text } of channel.messages()) await channel.send({ id, upper: text.toUpperCase() });
