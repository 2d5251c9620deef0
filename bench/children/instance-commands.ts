// Commands through an instance, one after the other, each read to its end.

import { type InstanceSetting, startInstance } from '../instance.ts';
import { serve, setting } from './duty.ts';
import { timeEach } from './timing.ts';

const options = setting<InstanceSetting & { readonly text: string; readonly answer: string }>();
const instance = await startInstance(options);

const command = async (): Promise<void> => {
  const stream = instance.sendCommand(options.text);
  let text = '';
  for await (const piece of stream) text += piece;
  const { success } = await stream.result;
  if (!success || text !== options.answer) throw new Error(`Not the answer: ${JSON.stringify(text)}`);
};

serve(
  (count: number) => timeEach(count, command),
  () => instance.cleanup({ remove: true }),
);
