let done = false;

/**
 * A flood of output makes garbage only, and V8 answers it with a young generation of tens of megabytes without being any
 * faster for it. Told while it runs: as an argument of the process the flag has no effect. With the first command, because
 * an agent that waits for one need not load the module.
 */
export async function keepHeapSmall(): Promise<void> {
  if (done) return;
  done = true;
  const { setFlagsFromString } = await import('node:v8');
  setFlagsFromString('--semi-space-growth-factor=1');
}
