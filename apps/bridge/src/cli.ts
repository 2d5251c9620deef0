#!/usr/bin/env node
import { lastResort, main } from './main.ts';

process.on('uncaughtException', lastResort);
process.exit(await main(process.argv.slice(2)));
