import type { Random } from './random.ts';

export interface HostileOptions {
  /** Frames as the protocol wants them: what is broken, and what is sent whole now and then. */
  readonly valid: (random: Random) => object;
  /** Bytes of the line that is longer than all others, sent once in a thousand. */
  readonly longBytes: number;
}

const LONG_CHANCE = 1 / 5_000;
const DEPTH = 50_000;
const NUMBERS = ['1e400', '-1e400', '1e308', '9007199254740993', '-0', '0.1', '9'.repeat(400), '-1', '1e15'];
const VALUES = ['null', 'true', '[]', '{}', '""', '"x"', '1e999', '-1', '{"length":1e9}', '[[[[]]]]', '"\\u0000"'];
const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', 'toJSON'];

/** One line of what a broken or hostile peer may send, newline included (and perhaps more of them inside). */
export function hostileLine(random: Random, options: HostileOptions): Buffer {
  const line = chosen(random, options);
  return Buffer.concat([line, NEWLINE]);
}

const NEWLINE = Buffer.from('\n');

function chosen(random: Random, options: HostileOptions): Buffer {
  const valid = (): Buffer => Buffer.from(JSON.stringify(options.valid(random)));
  if (random.chance(LONG_CHANCE)) return long(random, options.longBytes, valid());
  switch (random.integer(0, 11)) {
    case 0:
    case 1:
    case 2:
      return mutated(random, valid());
    case 3:
      return spliced(random, valid(), valid());
    case 4:
      return valid().subarray(0, random.integer(0, 200));
    case 5:
      return Buffer.from(Array.from({ length: random.integer(0, 60) }, () => random.integer(0, 255)));
    case 6:
      return replaced(random, options.valid(random), VALUES);
    case 7:
      return replaced(random, options.valid(random), NUMBERS);
    case 8:
      return named(random, options.valid(random));
    case 9:
      return spoilt(random, valid());
    case 10:
      return random.chance(0.02)
        ? nested(random)
        : Buffer.from(['', ' ', '\r', 'null', '[]', '{}', '""'][random.integer(0, 6)] ?? '');
    default:
      return valid();
  }
}

function mutated(random: Random, line: Buffer): Buffer {
  for (let left = random.integer(1, 3); left > 0; left -= 1) {
    line[random.integer(0, line.length - 1)] = random.integer(0, 255);
  }
  return line;
}

function spliced(random: Random, one: Buffer, other: Buffer): Buffer {
  return Buffer.concat([
    one.subarray(0, random.integer(0, one.length)),
    other.subarray(random.integer(0, other.length)),
  ]);
}

/** One field says something that is JSON and no answer. */
function replaced(random: Random, frame: object, values: readonly string[]): Buffer {
  const keys = Object.keys(frame);
  const key = keys[random.integer(0, keys.length - 1)] ?? 'type';
  const value = values[random.integer(0, values.length - 1)] ?? 'null';
  return Buffer.from(JSON.stringify({ ...frame, [key]: '\u0001' }).replace('"\\u0001"', value));
}

/** Keys that every object seems to have already. */
function named(random: Random, frame: object): Buffer {
  const name = NAMES[random.integer(0, NAMES.length - 1)] ?? '__proto__';
  const text = JSON.stringify(frame);
  if (random.chance(0.3)) return Buffer.from(JSON.stringify({ ...frame, type: name }));
  return Buffer.from(`{"${name}":${random.chance(0.5) ? text : '{"type":"ping","n":1}'},${text.slice(1)}`);
}

/** Bytes that are no UTF-8, and NULs, in the middle. */
function spoilt(random: Random, line: Buffer): Buffer {
  const at = random.integer(0, line.length);
  const junk = [[0xff, 0xfe], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0], [0xf0, 0x9f], [0xef, 0xbb, 0xbf]];
  return Buffer.concat([line.subarray(0, at), Buffer.from(junk[random.integer(0, 5)] ?? []), line.subarray(at)]);
}

function nested(random: Random): Buffer {
  const [open, close] = random.chance(0.5) ? ['[', ']'] : ['{"type":', '}'];
  const depth = random.integer(1, DEPTH);
  return Buffer.from(open.repeat(depth) + (random.chance(0.5) ? `1${close.repeat(depth)}` : ''));
}

function long(random: Random, bytes: number, line: Buffer): Buffer {
  const filler = Buffer.alloc(bytes, random.chance(0.5) ? 'x' : '"\\u0000",');
  return random.chance(0.5)
    ? filler
    : Buffer.concat([line.subarray(0, -1), Buffer.from(',"x":"'), filler, Buffer.from('"}')]);
}
