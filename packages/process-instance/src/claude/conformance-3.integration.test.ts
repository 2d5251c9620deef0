import { conformReal } from '../testing/real-conformance.ts';

await conformReal(3, 3);
