// Prints the path of another Node version's binary, which npm's node-linux-* packages bring: node scripts/node-binary.mjs 18
import { cachedFile } from './npm-cache.mjs';

const major = process.argv[2];
if (!/^\d+$/.test(major ?? '')) {
  console.error('usage: node scripts/node-binary.mjs MAJOR');
  process.exit(2);
}
console.log(cachedFile(`node-${major}`, `node-linux-${process.arch}`, major, 'bin/node'));
