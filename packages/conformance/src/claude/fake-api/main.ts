import { startFakeApi } from './server.ts';

// One JSON text per line on stdout: first {"url"}, then {"request"} for each request.
const print = (line: object): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);

startFakeApi({ onRequest: (request) => print({ request }) }).then(
  (api) => {
    const end = (): void => {
      void api.close().then(() => process.exit(0));
    };
    process.once('SIGTERM', end);
    process.stdin.once('end', end).resume();
    print({ url: api.url });
  },
  (error: Error) => {
    console.error(`fake-api: ${error.message}`);
    process.exitCode = 1;
  },
);
