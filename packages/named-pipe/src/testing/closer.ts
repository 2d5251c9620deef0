/** Opens channels in every state, closes them, and has then nothing left to live for: `closer.ts PATH`. */
import { NamedPipeChannel } from '../index.ts';

const [path] = process.argv.slice(2) as [string];
const server = await NamedPipeChannel.listen<unknown>(path);
const client = await NamedPipeChannel.connect<unknown>(path);
const lonely = await NamedPipeChannel.connect<unknown>(`${path}-lonely`, { lazy: true });
server.pause();
const stuck = client.send('x'.repeat(1_000_000));
const waiting = lonely.whenUp({ timeoutMs: 60_000 }).catch((error) => error.code);
const reading = client.messages().next();
await client.close({ timeoutMs: 20 });
await Promise.all([server.close(), lonely.close()]);
console.log(await stuck, await waiting, (await reading).done);
