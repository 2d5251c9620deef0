import { exitStatus } from './exit-status.ts';
import { type Invocation, parseInvocation, usage } from './invocation.ts';

/** Each loads what it needs: a relay is started for every connection, and needs next to nothing. */
async function main(invocation: Invocation | undefined): Promise<number> {
  switch (invocation?.what) {
    case 'serve':
      return (await import('./service.ts')).serve(invocation.settings, invocation.readyFd);
    case 'relay':
      return (await import('./relay.ts')).relay(invocation.socket, invocation.purpose, invocation);
    case 'alive':
      return (await import('./caretaker.ts')).alive(invocation.settings);
    case 'kill':
      return (await import('./caretaker.ts')).kill(invocation.settings, invocation.graceMs);
    default:
      process.stderr.write(usage);
      return exitStatus.usage;
  }
}

main(parseInvocation(process.argv.slice(2))).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(exitStatus.broken);
  },
);
