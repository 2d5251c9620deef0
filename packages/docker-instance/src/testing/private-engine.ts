import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { connectEngine } from '../engine/connect.ts';
import type { DockerClient } from '../engine/docker-client.ts';
import { ensureTestImage } from './test-image.ts';

const STEP_MS = 20_000;
const COMMAND_MS = 60_000;
const LOG_BYTES = 8_192;
const LISTENS = 'API listen on';
/** Where engines put programs that only they call. */
const PATH = [process.env.PATH, '/usr/sbin', '/sbin', '/usr/libexec/docker'].join(delimiter);
const NEEDED = ['dockerd', 'containerd', 'docker-init', 'unshare', 'ip'];

/**
 * What a private engine lives in. Its shell takes commands from us and ends with them, also when we are killed. Whatever
 * the engine leaves behind is reparented to the init around the shell, so that the tree below it is all there is of it.
 */
const HOUSE = ['--net', '--mount', '--propagation', 'private', 'docker-init', '-s', '--', 'sh'];
const FURNISH = 'ip link set lo up; mkdir -p /run/containerd; mount -t tmpfs none /run/containerd';

export interface StartOptions {
  /** Its containers outlive it, and the next one finds them. Default false: the next one ends what it finds. */
  readonly liveRestore?: boolean | undefined;
}

/** A Docker engine of the test's own, which may be killed. It shares nothing with others but the kernel; it needs root. */
export class PrivateEngine implements AsyncDisposable {
  readonly socket: string;
  /** For instances: they borrow it. */
  readonly client: DockerClient;
  readonly #root: string;
  readonly #shell: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #closed: Promise<unknown>;
  readonly #answers: AsyncIterator<string>;
  /** The shell behind the init. */
  #inner = 0;
  #isUp = false;
  #log = '';
  #ending: Promise<void> | undefined;
  #listening = (): void => {};

  private constructor(root: string) {
    this.#root = root;
    this.socket = join(root, 'docker.sock');
    // What is not named here would come from DOCKER_HOST.
    this.client = new Docker({ socketPath: this.socket, protocol: 'http', host: undefined, port: undefined } as object);
    const env = { PATH, HOME: root };
    this.#shell = spawn('unshare', HOUSE, { cwd: '/', env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#closed = once(this.#shell, 'close');
    // Ends with it; what it was asked last then has no answer.
    this.#shell.stdin.on('error', () => {});
    this.#answers = createInterface({ input: this.#shell.stdout })[Symbol.asyncIterator]();
    this.#shell.stderr.setEncoding('utf8').on('data', (said: string) => {
      this.#log = (this.#log + said).slice(-LOG_BYTES);
      if (this.#log.includes(LISTENS)) this.#listening();
    });
  }

  /** Why there cannot be one on this machine. */
  static unavailable(): string | undefined {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'an engine of its own needs Linux and root';
    const directories = PATH.split(delimiter);
    const missing = NEEDED.filter((program) => !directories.some((each) => existsSync(join(each, program))));
    return missing.length === 0 ? undefined : `an engine of its own needs ${missing.join(', ')}`;
  }

  /** It listens. */
  static async start(options: StartOptions = {}): Promise<PrivateEngine> {
    const engine = new PrivateEngine(mkdtempSync(join(tmpdir(), 'ccb-engine-')));
    try {
      await engine.#furnish();
      await engine.start(options);
      return engine;
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts it again after a kill; resolves when it listens. */
  async start({ liveRestore = false }: StartOptions = {}): Promise<void> {
    const root = this.#root;
    const flags = [
      `--host unix://${this.socket} --containerd ${root}/containerd.sock --config-file ${root}/daemon.json`,
      `--data-root ${root}/data --exec-root ${root}/exec --pidfile ${root}/docker.pid`,
      '--bridge none --iptables=false --ip6tables=false --exec-opt native.cgroupdriver=cgroupfs',
      liveRestore ? '--live-restore' : '',
    ];
    this.#log = '';
    const listens = new Promise<void>((resolve) => {
      this.#listening = resolve;
    });
    await this.#ask('[ -n "$containerd" ] || { containerd --config "$root/containerd.toml" >&2 & containerd=$!; }');
    // A number that a killed one left may be somebody's by now.
    await this.#ask(`rm -f "$root/docker.pid"; dockerd ${flags.join(' ')} >&2 & dockerd=$!`);
    await this.#within('start', listens);
    this.#isUp = true;
  }

  /** SIGKILL; resolves when it is gone. Its containers go on, until another one starts without liveRestore. */
  async kill(who: 'dockerd' | 'dockerd and containerd' = 'dockerd'): Promise<void> {
    const victims = who === 'dockerd' ? ['dockerd'] : ['dockerd', 'containerd'];
    const pids = victims.map((name) => `$${name}`).join(' ');
    this.#isUp = false;
    const emptied = victims.map((name) => `${name}=`).join(' ');
    await this.#ask(`kill -KILL ${pids}; wait ${pids} 2>/dev/null; ${emptied}`);
  }

  /** The test image, imported where it is not there yet. */
  async testImage(): Promise<string> {
    const engine = connectEngine({ socketPath: this.socket });
    try {
      return await ensureTestImage({ engine });
    } finally {
      engine.close();
    }
  }

  /** Its own command line. */
  async docker(...args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('docker', ['--host', `unix://${this.socket}`, ...args], {
      timeout: COMMAND_MS,
      killSignal: 'SIGKILL',
    });
    return stdout.trim();
  }

  /** Processes of it and of its containers. */
  processes(): readonly number[] {
    return descendantsOf(this.#shell.pid as number).filter((pid) => pid !== this.#inner);
  }

  /** Ends it with everything in it, by force where it must be. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    try {
      // Only an engine tidies up what another one left: mounts, networks, control groups.
      if (!this.#isUp) await this.start();
      await this.#ask('end');
    } finally {
      const over = AbortSignal.timeout(STEP_MS);
      // The init must be there until everything below it is gone, and reaped.
      for (const pid of this.processes()) signal(pid, 'SIGKILL');
      this.#shell.stdin.end('trap - EXIT; exit\n');
      over.addEventListener('abort', () => this.#shell.kill('SIGKILL'));
      await this.#closed;
      // Its mounts went with their last process.
      rmSync(this.#root, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  async #furnish(): Promise<void> {
    const root = this.#root;
    writeFileSync(join(root, 'daemon.json'), '{}');
    writeFileSync(
      join(root, 'containerd.toml'),
      [
        'version = 2',
        `root = "${root}/containerd"`,
        `state = "${root}/containerd-state"`,
        'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
        `[grpc]`,
        `address = "${root}/containerd.sock"`,
        '',
      ].join('\n'),
    );
    // With live-restore a polite end would leave the containers.
    const end = [
      'ids=$(timeout 10 docker --host "unix://$root/docker.sock" ps --all --quiet 2>/dev/null)',
      '[ -z "$ids" ] || timeout 15 docker --host "unix://$root/docker.sock" rm --force $ids >/dev/null 2>&1',
      'for pid in $dockerd $containerd; do kill -TERM $pid; wait $pid; done',
      'dockerd= containerd=',
    ];
    this.#inner = Number(await this.#ask(`root=${root} dockerd= containerd=; ${FURNISH}`));
    await this.#ask(`end() { ${end.join('; ')}; }; trap end EXIT`);
  }

  /** Has the shell run a line, to its end; its pid. */
  async #ask(line: string): Promise<string> {
    this.#shell.stdin.write(`${line}\necho $$\n`);
    const answer = await this.#within(line, this.#answers.next());
    if (answer.done === true) throw new Error(`the private engine's shell has ended: ${this.#log}`);
    return answer.value;
  }

  async #within<T>(what: string, work: Promise<T>): Promise<T> {
    const over = new AbortController();
    const late = delay(STEP_MS, undefined, { signal: over.signal }).then(() => {
      throw new Error(`the private engine (${what}): not within ${STEP_MS} ms\n${this.#log}`);
    });
    late.catch(() => {});
    try {
      return await Promise.race([work, late]);
    } finally {
      over.abort();
    }
  }
}

function descendantsOf(root: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (Number.isSafeInteger(pid)) parents.set(pid, parentOf(pid));
  }
  const found = [root];
  for (const each of found) for (const [pid, parent] of parents) if (parent === each) found.push(pid);
  return found.slice(1);
}

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    // Gone meanwhile.
    return 0;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
