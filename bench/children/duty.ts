/** What this child was started with. */
export function setting<T>(): T {
  return JSON.parse(process.argv[2] ?? '{}') as T;
}

/** Answers the parent's requests, one at a time; when the parent lets go, `end` runs and the process exits. */
export function serve<Request>(
  answer: (request: Request) => unknown,
  end: () => Promise<void> | void = () => {},
): void {
  process.on('message', async (request: Request) => {
    try {
      process.send?.(await answer(request));
    } catch (error) {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exitCode = 1;
      process.disconnect();
    }
  });
  process.once('disconnect', async () => {
    await end();
    process.exit();
  });
  process.send?.('ready');
}
