// Prints "N passed, N failed" for a test run: node scripts/closing-line.mjs RESULTS.json EXIT_STATUS
import { readFileSync } from 'node:fs';

const [file, status] = process.argv.slice(2);
let passed = 0;
let failed = 0;
try {
  const results = JSON.parse(readFileSync(file, 'utf8'));
  passed = results.numPassedTests;
  failed = results.numFailedTests;
} catch {
  console.error(`no test was run: ${file} is missing`);
}
// A type error, a lint finding or a leak fails the run without failing a test.
if (failed === 0 && status !== '0') failed = 1;
console.log(`${passed} passed, ${failed} failed`);
