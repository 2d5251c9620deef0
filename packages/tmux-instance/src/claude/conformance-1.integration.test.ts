import { conformClaude } from '../testing/claude-conformance.ts';

await conformClaude(1, 2);
