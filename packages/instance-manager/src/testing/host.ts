import { processBackend } from '@ccb/process-instance';
import { InstanceManager } from '../instance-manager.ts';
import { echoBackend } from './echo-backend.ts';

// A process of its own: makes or opens an instance, says so, and holds it until it is killed.
const [home = '', verb = 'open', name = '', type = 'process'] = process.argv.slice(2);
const manager = new InstanceManager({ home, backends: [processBackend({ home }), echoBackend] });
const options = { holder: `ccb ${verb} ${name}` };
const instance = await (verb === 'create' ? manager.create({ type, name }, options) : manager.open(name, options));
await instance.start();
process.stdout.write(`${instance.state}\n`);
setInterval(() => {}, 60_000);
