import { conformShell } from './testing/shell-conformance.ts';

await conformShell('exec');
