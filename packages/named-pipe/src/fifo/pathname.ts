import { basename, resolve } from 'node:path';

const LONGEST_NAME = 255;
const LONGEST_PATH = 4095;

/**
 * The absolute form of a path that will get `suffix`.
 * @throws {TypeError} when it is empty, has a NUL or is longer than Linux allows
 */
export function checkPath(path: string, suffix = ''): string {
  if (typeof path !== 'string' || path === '') throw new TypeError('path must be a non-empty string');
  if (path.includes('\0')) throw new TypeError('path must not contain a NUL');
  const absolute = resolve(path);
  if (Buffer.byteLength(basename(absolute) + suffix) > LONGEST_NAME) {
    throw new TypeError(`path: its last part, with "${suffix}", is longer than ${LONGEST_NAME} bytes: ${path}`);
  }
  if (Buffer.byteLength(absolute + suffix) > LONGEST_PATH) {
    throw new TypeError(`path is longer than ${LONGEST_PATH} bytes`);
  }
  return absolute;
}
