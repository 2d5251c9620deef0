import { conformClaude } from '../testing/claude-conformance.ts';

await conformClaude(2, 2);
