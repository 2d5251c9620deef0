import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NamedPipeChannel } from '@ccb/named-pipe';
import { acquireLock, isLocked } from '@ccb/named-pipe/lock';

const directory = mkdtempSync(join(tmpdir(), 'consumer-'));
const path = join(directory, 'box');
await using server = await NamedPipeChannel.listen<string, string>(path);
await using client = await NamedPipeChannel.connect<string, string>(path);
await client.send('ping');
for await (const message of server.messages()) {
  console.log('named-pipe', message);
  break;
}
await using _lock = await acquireLock(join(directory, 'lock'));
console.log('lock', await isLocked(join(directory, 'lock')));
rmSync(directory, { recursive: true });
