import os from 'node:os';

/** In words, for who compares figures. */
export function describeMachine(): string {
  const cores = os.availableParallelism();
  const memory = Math.round(os.totalmem() / 2 ** 30);
  const release = os.release().split('.').slice(0, 2).join('.');
  const load = (os.loadavg()[0] as number).toFixed(1);
  return (
    `${cores} ${os.arch()} ${cores === 1 ? 'core' : 'cores'}, ${memory} GiB of memory, ${os.type()} ${release}, ` +
    `Node ${process.versions.node}; load average when the run began: ${load}.`
  );
}
