import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { fakeApiFile } from '../claude-files.ts';
import { type ApiRequest, RequestLog, type WhenRequestedOptions } from './fake-api/request-log.ts';

export interface IsolatedApiOptions {
  /** How long the API may take to start, in ms; default 10 000. */
  readonly timeoutMs?: number | undefined;
}

/** A fake Messages API in a network namespace where there is nothing else: no interface but loopback, no route. */
export interface IsolatedApi extends AsyncDisposable {
  /** For `ANTHROPIC_BASE_URL` of programs inside; it cannot be reached from outside. */
  readonly url: string;
  /** The API's process. */
  readonly pid: number;
  /** Every request so far, oldest first. */
  readonly requests: readonly ApiRequest[];
  /**
   * The first request, past or future, that the predicate takes; without one, the first of all.
   * @throws {Error} after `timeoutMs`, and when the API ends
   */
  whenRequested(predicate?: (request: ApiRequest) => boolean, options?: WhenRequestedOptions): Promise<ApiRequest>;
  /**
   * An executable file that runs the program at this absolute path inside, for example for `CLAUDE_CODE_EXECUTABLE`. It
   * becomes that program: same pid, arguments, environment, working directory and user. Gone after {@link close}.
   * @throws {TypeError} when there is no such executable
   */
  executable(path: string): Promise<string>;
  /** Ends the API and removes the files. Does not end programs inside. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a fake Messages API with the network switched off around it. Linux only; needs util-linux, and root or the right
 * to make user namespaces.
 * @throws {Error} that says what is missing
 */
export async function startIsolatedApi(options: IsolatedApiOptions = {}): Promise<IsolatedApi> {
  const api = new NamespacedApi();
  try {
    await api.started(options.timeoutMs ?? 10_000);
    return api;
  } catch (error) {
    await api.close();
    throw error;
  }
}

const root = process.getuid?.() === 0;
/** Without root, a user namespace in which the user is who he is, and may configure the new network. */
const unshareFlags = root ? ['--net'] : ['--user', '--map-current-user', '--keep-caps', '--net'];

/** A new namespace has its loopback interface down; which of these programs a machine has differs. */
const withLoopback = `
PATH=$PATH:/usr/sbin:/sbin
ip link set lo up 2>/dev/null || ifconfig lo up 2>/dev/null || perl -e '
  use Socket; socket(my $s, AF_INET, SOCK_DGRAM, 0) or exit 1;
  my $request = pack("a16 s x14", "lo", 0x1 | 0x40);
  exit(ioctl($s, 0x8914, $request) ? 0 : 1)' 2>/dev/null || {
  echo 'The loopback interface cannot be brought up: install iproute2, net-tools or perl.' >&2; exit 1; }
exec "$@"`;

class NamespacedApi implements IsolatedApi {
  readonly #log = new RequestLog();
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #directory: string;
  readonly #nsenter: string;
  readonly #ready: Promise<string>;
  #stderr = '';
  #executables = 0;
  #closing: Promise<void> | undefined;
  #url = '';

  constructor() {
    const unshare = findProgram('unshare');
    this.#nsenter = findProgram('nsenter');
    this.#directory = mkdtempSync(join(tmpdir(), 'ccb-isolated-'));
    this.#child = spawn(
      unshare,
      [...unshareFlags, '--', '/bin/sh', '-c', withLoopback, 'sh', process.execPath, fileURLToPath(fakeApiFile)],
      { env: { PATH: process.env.PATH }, stdio: ['pipe', 'pipe', 'pipe'] },
    );
    this.#exited = new Promise((resolve) => {
      this.#child.once('close', resolve).once('error', (error) => {
        this.#stderr = error.message;
        resolve(undefined);
      });
    });
    this.#ready = this.#read();
    // What goes wrong before anybody waits is told to whoever waits then.
    this.#ready.catch(() => {});
  }

  get url(): string {
    return this.#url;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get requests(): readonly ApiRequest[] {
    return this.#log.requests;
  }

  whenRequested(
    predicate: (request: ApiRequest) => boolean = () => true,
    options?: WhenRequestedOptions,
  ): Promise<ApiRequest> {
    return this.#log.whenRequested(predicate, options);
  }

  async started(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), timeoutMs);
    try {
      this.#url = await this.#ready;
    } finally {
      clearTimeout(timer);
    }
  }

  async executable(path: string): Promise<string> {
    if (!isAbsolute(path) || !isExecutable(path)) throw new TypeError(`${path} is not the absolute path of a program.`);
    const file = join(this.#directory, `program-${++this.#executables}`);
    const namespaces = root ? '' : ` --user=/proc/${this.pid}/ns/user --preserve-credentials`;
    const nsenter = `${quoted(this.#nsenter)}${namespaces} --net=/proc/${this.pid}/ns/net`;
    writeFileSync(file, `#!/bin/sh\nexec ${nsenter} -- ${quoted(path)} "$@"\n`, { mode: 0o755 });
    return file;
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(): Promise<void> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 2_000);
    await this.#exited;
    clearTimeout(timer);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #read(): Promise<string> {
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-2_000);
    });
    return new Promise((resolve, reject) => {
      createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        const { url, request } = JSON.parse(line) as { url?: string; request?: ApiRequest };
        if (url !== undefined) resolve(url);
        if (request !== undefined) this.#log.add(request);
      });
      void this.#exited.then(() => {
        const reason = this.#closing ? 'was closed' : `ended: ${this.#stderr.trim() || 'it did not say why'}`;
        this.#log.close(new Error(`The isolated fake API ${reason}`));
        reject(new Error(`No isolated fake API: ${this.#stderr.trim() || 'it did not start in time'}`));
      }, reject);
    });
  }
}

/** True where {@link startIsolatedApi} may work: asked of the machine by making a namespace. */
export function canIsolate(): boolean {
  try {
    return spawnSync(findProgram('unshare'), [...unshareFlags, '--', 'true'], { timeout: 5_000 }).status === 0;
  } catch {
    return false;
  }
}

function findProgram(name: string): string {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/bin', '/usr/sbin', '/sbin'];
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found === undefined) throw new Error(`${name} was not found: install util-linux (Linux only).`);
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
