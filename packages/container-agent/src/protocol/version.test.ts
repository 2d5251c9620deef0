import { expect, it } from 'vitest';
import { negotiate, oldestProtocol, protocolVersion } from './version.ts';

it.each([
  ['the same versions', [oldestProtocol, protocolVersion], protocolVersion],
  ['an older peer that this build still understands', [0, oldestProtocol], oldestProtocol],
  ['a newer peer that still understands this build', [protocolVersion, protocolVersion + 9], protocolVersion],
  ['a peer of the past', [oldestProtocol - 2, oldestProtocol - 1], undefined],
  ['a peer of tomorrow', [protocolVersion + 1, protocolVersion + 2], undefined],
  ['a range that is upside down', [protocolVersion + 1, protocolVersion - 1], undefined],
] as const)('negotiates with %s', (_, range, version) => {
  expect(negotiate(range)).toBe(version);
});
