import { dockerBackend } from '@ccb/docker-instance';

// A host of its own: makes an instance, lets it work, and says so. Then it lets go, or waits to be killed.
const [home = '', name = '', plan, spec = '{}'] = process.argv.slice(2);
const instance = await dockerBackend({ home }).create({
  type: 'docker',
  name,
  ephemeral: plan === 'ephemeral',
  ...JSON.parse(spec),
});
await instance.sendCommandAndWait('cd /usr; kept=yes; sleep 300 & echo first', { id: 'first' });
process.stdout.write(`${JSON.stringify(instance.record)}\n`);
if (plan === 'detach') await instance.detach();
else setInterval(() => {}, 60_000);
