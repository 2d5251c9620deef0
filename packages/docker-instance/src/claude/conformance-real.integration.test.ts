import { conformClaude } from '../testing/claude-conformance.ts';

await conformClaude();
