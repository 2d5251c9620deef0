// The other end: asks once and prints the answer. node pipe-client.ts PATH TEXT
import { NamedPipeChannel } from '@ccb/named-pipe';

const path = process.argv[2] ?? `${process.env.XDG_RUNTIME_DIR ?? '/tmp'}/upper`;
await using channel = await NamedPipeChannel.connect<{ id: number; upper: string }, { id: number; text: string }>(path);
await channel.send({ id: 1, text: process.argv[3] ?? 'hello' });
for await (const answer of channel.messages({ signal: AbortSignal.timeout(5_000) })) {
  console.log(answer.upper);
  break;
}
