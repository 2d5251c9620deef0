import { testTenth } from './tenth.ts';

testTenth(({ name }) => name.endsWith('-killed'));
