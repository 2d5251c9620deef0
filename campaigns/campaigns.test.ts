import { testTenth } from './tenth.ts';

testTenth(({ name }) => !['docker-faults', 'hammered-home'].includes(name) && !name.endsWith('-killed'));
