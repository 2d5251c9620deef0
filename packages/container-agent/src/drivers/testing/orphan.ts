import { createShellDriver } from '../shell/shell-driver.ts';
import { subject } from './recorder.ts';

/** Starts a shell, names its pid on stdout, and stays until it is killed. */
const shell = subject(createShellDriver);
await shell.driver.start(AbortSignal.timeout(10_000));
if (process.argv[2] !== undefined) void shell.run(process.argv[2]);
process.stdout.write(`${shell.driver.pid} ${shell.context.directory}\n`);
