import { visible } from '@ccb/container-agent';
import { anySignal, type Call } from '@ccb/instance-interface/abstract';
import type { Engine } from '../engine/engine.ts';

const LINES = 8;
/** Characters. */
const LINE = 500;
const WAIT_MS = 2_000;

/** The last lines of a container's log, for messages. Never rejects. */
export async function lastLines(engine: Engine, container: string, { signal }: Call): Promise<string> {
  const lines: string[] = [];
  try {
    const bounded = anySignal(AbortSignal.timeout(WAIT_MS), signal);
    for await (const { text } of engine.logs(container, { tail: LINES, signal: bounded })) lines.push(text);
  } catch {
    // What was read by then is what there is.
  }
  return lines.slice(-LINES).map(shown).join('\n').trimEnd() || '(nothing)';
}

/** A program may have written it: what it says must not look like our words, nor drown them. */
function shown(line: string): string {
  const text = line.trimEnd();
  return visible(text.length <= LINE ? text : `${text.slice(0, LINE)}…`);
}
