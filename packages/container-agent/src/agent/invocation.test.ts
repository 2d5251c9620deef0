import { expect, test } from 'vitest';
import { type Invocation, parseInvocation } from './invocation.ts';

test.each<[line: string, invocation: Invocation]>([
  ['box.json', { what: 'serve', settings: 'box.json', readyFd: undefined }],
  ['box.json --ready-fd=3', { what: 'serve', settings: 'box.json', readyFd: 3 }],
  ['--relay /box.sock', { what: 'relay', socket: '/box.sock', purpose: 'hold', waitMs: 0 }],
  ['--relay @box --observe', { what: 'relay', socket: '@box', purpose: 'observe', waitMs: 0 }],
  ['--relay /box.sock --wait-ms=500', { what: 'relay', socket: '/box.sock', purpose: 'hold', waitMs: 500 }],
  ['--relay /b --wait-ms=5 --observe', { what: 'relay', socket: '/b', purpose: 'observe', waitMs: 5 }],
  ['--alive box.json', { what: 'alive', settings: 'box.json' }],
  ['--kill box.json', { what: 'kill', settings: 'box.json', graceMs: 5_000 }],
  ['--kill box.json --grace-ms=0', { what: 'kill', settings: 'box.json', graceMs: 0 }],
])('%s', (line, invocation) => {
  expect(parseInvocation(line.split(' '))).toEqual(invocation);
});

test.each([
  [''],
  ['--help'],
  ['box.json --ready-fd=x'],
  ['box.json --ready-fd=3 more'],
  ['--relay'],
  ['--relay --observe'],
  ['--relay /box.sock --hold'],
  ['--relay /box.sock --observe more'],
  ['--relay /box.sock --observe --wait-ms=5'],
  ['--relay /box.sock --wait-ms=60001'],
  ['--alive box.json --grace-ms=1'],
  ['--kill box.json --grace-ms=-1'],
  ['--kill box.json --grace-ms=9999999'],
  ['--kill --grace-ms=1 box.json'],
  ['--ready-fd=3 box.json'],
])('"%s" is no command line', (line) => {
  expect(parseInvocation(line === '' ? [] : line.split(' '))).toBeUndefined();
});
