import { processBackend } from '@ccb/process-instance';

// A host of its own: makes an instance, lets it work, and says so. Then it lets go, or waits to be killed.
const [home = '', name = '', plan] = process.argv.slice(2);
const instance = await processBackend({ home }).create({
  type: 'process',
  name,
  workspace: process.cwd(),
  ephemeral: plan === 'ephemeral',
});
await instance.sendCommandAndWait('cd /usr; kept=yes; sleep 300 & echo $! > "$OLDPWD/child"; echo first', {
  id: 'first',
});
process.stdout.write(`${JSON.stringify(instance.record)}\n`);
if (plan === 'detach') await instance.detach();
else setInterval(() => {}, 60_000);
