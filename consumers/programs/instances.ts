import { createRegistry, InstanceError, type InstanceInterface } from '@ccb/instance-interface';
import { InstanceManager, type ListedInstance } from '@ccb/instance-manager';
import { type ProcessBackend, processBackend } from '@ccb/process-instance';

const processes: ProcessBackend = processBackend();
const manager = new InstanceManager({ backends: [processes] });
const box: InstanceInterface = await manager.create({ type: 'process', name: `box-${process.pid}` });
for await (const text of box.sendCommand('echo from a process')) process.stdout.write(text);
const listed: readonly ListedInstance[] = await manager.list();
console.log(
  'listed',
  listed.some(({ name, state }) => name === box.name && state === 'running'),
);
await box.cleanup();
const missing = await manager.open('nobody').catch((error: unknown) => InstanceError.is(error, 'CCB_NOT_FOUND'));
console.log('missing', missing, createRegistry([processes]).types.join());
