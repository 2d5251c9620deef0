import { readdirSync, readFileSync } from 'node:fs';

/**
 * The number that this machine has for a process of a container on it; undefined where that cannot be known: the engine is
 * another machine's, or the process has ended.
 * @param main the pid of the container's main process, as the engine says
 * @param pid the number inside the container
 */
export function hostPid(main: number, pid: number): number | undefined {
  if (main <= 0) return undefined;
  const queue = [main];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (innermostPid(next) === pid) return next;
    queue.push(...childrenOf(next));
  }
  return undefined;
}

function innermostPid(pid: number): number | undefined {
  const numbers = /^NSpid:\s*(.*)$/m.exec(contentOf(`/proc/${pid}/status`))?.[1]?.split(/\s+/) ?? [];
  // One number alone: it is in no namespace of its own.
  return numbers.length > 1 ? Number(numbers.at(-1)) : undefined;
}

function childrenOf(pid: number): readonly number[] {
  return threadsOf(pid).flatMap((thread) =>
    contentOf(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Gone meanwhile.
    return '';
  }
}
