import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';

const BLOCK = 512;
const READ_BYTES = 1024 * 1024;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;
const MAX_FILE_BYTES = 0o77777777777;

interface TarItem {
  /** Relative to where it will be unpacked, with slashes, as UTF-8 at most 100 bytes, or 255 with a slash at a fitting place. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  /** Default 0. */
  readonly uid?: number | undefined;
  /** Default 0. */
  readonly gid?: number | undefined;
}

interface TarFile extends TarItem {
  readonly content: Buffer;
}

interface TarDirectory extends TarItem {
  readonly directory: true;
}

interface TarSymlink extends TarItem {
  readonly symlink: string;
}

/** To an earlier path of the same archive. */
interface TarHardLink extends TarItem {
  readonly hardLink: string;
}

/** A file of this machine, read while the archive is. */
export interface TarSource extends TarItem {
  readonly source: string;
}

export type TarEntry = TarFile | TarDirectory | TarSymlink | TarHardLink;

/**
 * A ustar archive.
 * @throws {TypeError} for a path that is absolute, leads out of the archive or is too long
 */
export function tarOf(entries: readonly TarEntry[]): Buffer {
  const pieces: Buffer[] = [];
  for (const entry of entries) {
    pieces.push(headerOf(entry));
    if ('content' in entry) pieces.push(entry.content, padding(entry.content.length));
  }
  pieces.push(Buffer.alloc(2 * BLOCK));
  return Buffer.concat(pieces);
}

/** The same, in pieces, for what does not fit in memory. It fails like {@link tarOf}, and when a source changes meanwhile. */
export function tarStream(entries: readonly (TarEntry | TarSource)[]): Readable {
  return Readable.from(pieces(entries), { objectMode: false });
}

async function* pieces(entries: readonly (TarEntry | TarSource)[]): AsyncGenerator<Buffer> {
  for (const entry of entries) {
    if ('source' in entry) {
      yield* sourcePieces(entry);
      continue;
    }
    yield headerOf(entry);
    if ('content' in entry) {
      yield entry.content;
      yield padding(entry.content.length);
    }
  }
  yield Buffer.alloc(2 * BLOCK);
}

async function* sourcePieces(entry: TarSource): AsyncGenerator<Buffer> {
  const file = await open(entry.source);
  try {
    const { size } = await file.stat();
    yield header(entry, '0', size, '');
    for (let position = 0; position < size; ) {
      const piece = Buffer.allocUnsafe(Math.min(READ_BYTES, size - position));
      const { bytesRead } = await file.read(piece, 0, piece.length, position);
      if (bytesRead === 0) throw new Error(`${entry.source} became shorter while it was read`);
      yield piece.subarray(0, bytesRead);
      position += bytesRead;
    }
    yield padding(size);
  } finally {
    await file.close();
  }
}

function headerOf(entry: TarEntry): Buffer {
  if ('content' in entry) return header(entry, '0', entry.content.length, '');
  if ('hardLink' in entry) return header(entry, '1', 0, entry.hardLink);
  if ('symlink' in entry) return header(entry, '2', 0, entry.symlink);
  return header({ ...entry, path: entry.path.replace(/\/*$/, '/') }, '5', 0, '');
}

function header(entry: TarItem, type: '0' | '1' | '2' | '5', size: number, link: string): Buffer {
  if (size > MAX_FILE_BYTES) throw new TypeError(`${entry.path}: more than 8 GiB do not fit in a tar of this kind`);
  if (Buffer.byteLength(link) > NAME_BYTES) {
    throw new TypeError(`${entry.path}: its link target is longer than ${NAME_BYTES} bytes: ${link}`);
  }
  const { name, prefix } = split(entry.path);
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0);
  number(block, 100, 8, entry.mode & 0o7777);
  number(block, 108, 8, entry.uid ?? 0);
  number(block, 116, 8, entry.gid ?? 0);
  number(block, 124, 12, size);
  number(block, 136, 12, Math.floor(Date.now() / 1_000));
  block.write(type, 156);
  block.write(link, 157);
  block.write('ustar\x0000', 257);
  block.write(prefix, 345);
  // The checksum counts its own field as spaces.
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function number(block: Buffer, offset: number, width: number, value: number): void {
  const digits = value.toString(8);
  if (!Number.isSafeInteger(value) || value < 0 || digits.length >= width) {
    throw new TypeError(`${value} does not fit in a tar of this kind`);
  }
  block.write(digits.padStart(width - 1, '0'), offset);
}

function split(path: string): { readonly name: string; readonly prefix: string } {
  if (path === '' || path.startsWith('/') || path.includes('\0') || path.split('/').includes('..')) {
    throw new TypeError(`a path in a tar must be relative and stay inside: ${JSON.stringify(path)}`);
  }
  if (Buffer.byteLength(path) <= NAME_BYTES) return { name: path, prefix: '' };
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (name !== '' && Buffer.byteLength(name) <= NAME_BYTES && Buffer.byteLength(prefix) <= PREFIX_BYTES) {
      return { name, prefix };
    }
  }
  throw new TypeError(`${path}: too long for a tar of this kind`);
}

function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}
