// One answer through an instance with a shell, and the same answer again from the journal.
import type { CommandStream } from '@ccb/instance-interface';
import { type InstanceSetting, startInstance } from '../instance.ts';
import { serve, setting } from './duty.ts';
import { quoted } from './quoting.ts';
import type { Stream, Transfer } from './transfer.ts';

const instance = await startInstance(setting<InstanceSetting>());

const read = async (send: () => CommandStream, bytes: number): Promise<Transfer & { readonly id: string }> => {
  const before = performance.now();
  const stream = send();
  let characters = 0;
  for await (const piece of stream) characters += piece.length;
  const { success, outputBytes } = await stream.result;
  const ms = performance.now() - before;
  if (!success || outputBytes !== bytes) throw new Error(`${outputBytes} bytes (${characters} characters) of ${bytes}`);
  return { id: stream.id, bytes, ms };
};

serve(
  async ({ argv, bytes, replay }: Stream & { readonly replay: boolean }): Promise<Transfer> => {
    const first = await read(() => instance.sendCommand(quoted(argv)), bytes);
    return replay ? await read(() => instance.resumeCommand(first.id), bytes) : first;
  },
  () => instance.cleanup({ remove: true }),
);
