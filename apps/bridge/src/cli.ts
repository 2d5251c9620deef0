#!/usr/bin/env node
import { readFileSync, writeSync } from 'node:fs';

const HELP: ReadonlySet<string> = new Set(['--help', '-h', 'help']);

/** The help as the build has written it down: whoever asks for it waits for Node alone, not for a parser and its grammar. */
function printedHelp(args: readonly string[]): boolean {
  if (args.length !== 1 || !HELP.has(args[0] ?? '')) return false;
  try {
    writeSync(1, readFileSync(new URL('./help.txt', import.meta.url)));
    return true;
  } catch {
    return false;
  }
}

const args = process.argv.slice(2);
if (!printedHelp(args)) {
  const [{ setFlagsFromString }, { lastResort, main }] = await Promise.all([import('node:v8'), import('./main.ts')]);
  // A long answer makes garbage only: without this V8 answers it with a young generation of tens of megabytes.
  setFlagsFromString('--semi-space-growth-factor=1');
  process.on('uncaughtException', lastResort);
  process.exit(await main(args));
}
