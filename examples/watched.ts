// A shell that a person can watch and take over: what to run for that is printed first. node watched.ts COMMAND…
import { tmuxBackend } from '@ccb/tmux-instance';

await using shell = await tmuxBackend().create({ type: 'tmux', name: `watched-${process.pid}` });
await shell.start();
console.error(`watch it: ${shell.attachCommand.join(' ')}`);
shell.onTakeover((active) => console.error(active ? 'a person types' : 'it is ours again'));
for (const command of process.argv.slice(2)) {
  for await (const text of shell.sendCommand(command)) process.stdout.write(text);
}
console.error(await shell.screen());
