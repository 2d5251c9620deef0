import { testTenth } from './tenth.ts';

testTenth(({ name }) => name === 'hammered-home');
