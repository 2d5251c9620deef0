#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { lastResort, main } from './main.ts';

// A long answer makes garbage only: without this V8 answers it with a young generation of tens of megabytes.
setFlagsFromString('--semi-space-growth-factor=1');

process.on('uncaughtException', lastResort);
process.exit(await main(process.argv.slice(2)));
