import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Agent } from 'node:http';
import { Duplex } from 'node:stream';
import type { Endpoint } from './endpoint.ts';

const CONNECT_SECONDS = 30;
const MAX_WORDS = 2_000;

/**
 * Reaches an engine through the machine's own `ssh`, as the docker command does: the user's keys, agent, configuration and
 * known hosts count. (An ssh of our own would take any host's word for who it is.)
 */
export class SshAgent extends Agent {
  readonly #arguments: readonly string[];
  readonly #env: NodeJS.ProcessEnv;

  constructor({ host = '', port, user }: Endpoint, env: NodeJS.ProcessEnv) {
    super({ keepAlive: false });
    this.#env = env;
    this.#arguments = [
      ...['-T', '-o', `ConnectTimeout=${CONNECT_SECONDS}`, '-o', 'BatchMode=yes'],
      ...(user === undefined ? [] : ['-l', user]),
      ...(port === undefined ? [] : ['-p', String(port)]),
      ...['--', host, 'docker', 'system', 'dial-stdio'],
    ];
  }

  override createConnection(): Duplex {
    return new SshConnection(spawn('ssh', this.#arguments, { env: this.#env }));
  }
}

/** The streams of a process as one connection, which ends with it. */
class SshConnection extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;
  #words = '';

  constructor(child: ChildProcessWithoutNullStreams) {
    super();
    this.#child = child;
    child.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause();
    });
    child.stderr.setEncoding('utf8').on('data', (words: string) => {
      this.#words = (this.#words + words).slice(-MAX_WORDS);
    });
    // How it ended says more than a broken pipe.
    child.stdin.on('error', () => {});
    child.once('error', (cause) => this.destroy(new Error('ssh cannot be run. Install it.', { cause })));
    child.once('close', (code) => {
      if (code === 0) this.push(null);
      else this.destroy(new Error(this.#words.trim() || `ssh ended with status ${code}`));
    });
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // A process that has ended takes nothing; its end is told once, above.
    this.#child.stdin.write(chunk, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#child.kill();
    done(error);
  }
}
