// Prints the path of a version of Claude Code, never a dependency, from npm: node scripts/claude-code.mjs 2.1.197
import { cachedFile } from './npm-cache.mjs';

const version = process.argv[2];
if (!/^\d+\.\d+\.\d+$/.test(version ?? '')) {
  console.error('usage: node scripts/claude-code.mjs VERSION');
  process.exit(2);
}
const musl = process.report.getReport().header.glibcVersionRuntime === undefined ? '-musl' : '';
console.log(
  cachedFile(`claude-code-${version}`, `@anthropic-ai/claude-code-linux-${process.arch}${musl}`, version, 'claude'),
);
