import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';

/** A directory of its own that is gone at the end of the block. */
export class Workspace implements Disposable {
  readonly path: string = fs.mkdtempSync(join(os.tmpdir(), 'named-pipe-'));

  at(name: string): string {
    return join(this.path, name);
  }

  get names(): string[] {
    return fs.readdirSync(this.path).sort();
  }

  [Symbol.dispose](): void {
    fs.rmSync(this.path, { recursive: true, force: true });
  }
}

/** What every open descriptor of this process leads to. */
export function openFiles(): string[] {
  return fs.readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [fs.readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}
