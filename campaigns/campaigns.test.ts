import { testTenth } from './tenth.ts';

testTenth(
  ({ name }) => !['docker-faults', 'hammered-home', 'tmux-neighbours'].includes(name) && !name.endsWith('-killed'),
);
