import type { InstanceInterface } from '@ccb/instance-interface';
import { agentLog, type LogReadOptions } from './agent-log.ts';
import { hasOwnDirectory, placeOf } from './instance-place.ts';

/** What some instances offer beside the contract. */
interface Talkative {
  logs?(options: LogReadOptions): AsyncIterable<{ readonly stream: 'stdout' | 'stderr'; readonly text: string }>;
  screen?(): Promise<string>;
}

/** What an instance has to say beside its answers: a container's log, a terminal's screen, else its agent's log. */
export async function* instanceLog(
  home: string,
  instance: InstanceInterface & Talkative,
  options: LogReadOptions,
): AsyncGenerator<string, void, void> {
  if (instance.screen !== undefined) {
    yield `${(await instance.screen()).trimEnd()}\n`;
    return;
  }
  if (instance.logs !== undefined) for await (const { text } of instance.logs(options)) yield `${text}\n`;
  else if (hasOwnDirectory(home, instance.record)) yield* agentLog(placeOf(home, instance.name), options);
}
