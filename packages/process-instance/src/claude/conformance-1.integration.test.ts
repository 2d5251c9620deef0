import { conformReal } from '../testing/real-conformance.ts';

await conformReal(1, 3);
