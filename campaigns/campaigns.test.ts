import { testTenth } from './tenth.ts';

testTenth(({ name }) => name !== 'docker-faults' && !name.endsWith('-killed'));
