import { conformReal } from '../testing/real-conformance.ts';

await conformReal(2, 3);
