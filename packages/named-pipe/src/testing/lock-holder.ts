/** Takes the lock, says so, and keeps it: `lock-holder.ts PATH`. */
import { acquireLock } from '../lock.ts';

const [path] = process.argv.slice(2) as [string];
await acquireLock(path, { command: 'the other one' });
// Listening keeps it alive.
process.on('message', () => {});
process.send?.('held');
