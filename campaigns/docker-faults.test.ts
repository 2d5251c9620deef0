import { testTenth } from './tenth.ts';

testTenth(({ name }) => name === 'docker-faults' || name === 'tmux-neighbours');
