import { processBackend } from '@ccb/process-instance';

// A host of its own: makes an instance, sends it one command, says so once the answer has begun, and waits to be killed.
const [home = '', name = '', prompt = '', spec = '{}'] = process.argv.slice(2);
const instance = await processBackend({ home }).create({
  type: 'process',
  name,
  workspace: process.cwd(),
  ...JSON.parse(spec),
});
let told = false;
for await (const _ of instance.sendCommand(prompt, { id: 'asked' })) {
  if (!told) process.stdout.write(`${JSON.stringify(instance.record)}\n`);
  told = true;
}
setInterval(() => {}, 60_000);
