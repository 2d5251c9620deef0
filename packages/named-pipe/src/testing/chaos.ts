import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PeerReport } from './chaos-peer.ts';

export interface ChaosOptions {
  /** How often one end, or both, is killed and started again. */
  readonly iterations: number;
  readonly seed: number;
}

export interface ChaosResult {
  /** Iterations after which both ends named each other again. */
  readonly converged: number;
  /** Anything delivered that should not have been: stale, torn, out of order. Empty when all is well. */
  readonly violations: readonly string[];
  readonly downs: Readonly<Record<string, number>>;
  /** Messages that the processes told of before they were killed; many more arrived. */
  readonly delivered: number;
  readonly slowestMs: number;
}

type Role = 'listen' | 'connect';
type Victims = readonly [Role] | readonly [Role, Role];

const CONVERGE_MS = 15_000;
const ROLES = ['listen', 'connect'] as const;
const program = fileURLToPath(new URL('./chaos-peer.ts', import.meta.url));

/** mulberry32 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Two real processes on one channel; SIGKILL, SIGSTOP and restarts in a seeded order. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const directory = fs.mkdtempSync(join(os.tmpdir(), 'named-pipe-chaos-'));
  const chaos = new Chaos(join(directory, 'channel'), directory, seededRandom(options.seed));
  try {
    return await chaos.run(options.iterations);
  } finally {
    await chaos.end();
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

class Peer {
  readonly process: ChildProcess;
  readonly #onChange: () => void;
  own = '';
  peer = '';

  constructor(role: Role, path: string, home: string, onReport: (report: PeerReport) => void, onChange: () => void) {
    this.#onChange = onChange;
    this.process = spawn(process.execPath, ['--conditions=@ccb/source', '--import', 'tsx', program, role, path], {
      cwd: dirname(program),
      env: { PATH: process.env.PATH, HOME: home },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.process.on('message', (report: PeerReport) => {
      if (report.type === 'up') Object.assign(this, { own: report.own, peer: report.peer });
      if (report.type === 'down') Object.assign(this, { own: '', peer: '' });
      onReport(report);
      this.#onChange();
    });
  }

  /** Resolves when it has sent them, which is not when they were taken; a full pipe holds them. */
  async burst(count: number): Promise<void> {
    const done = new Promise<void>((resolve) => {
      const listener = (report: PeerReport): void => {
        if (report.type !== 'done') return;
        this.process.off('message', listener);
        resolve();
      };
      this.process.on('message', listener);
    });
    this.process.send(count);
    await done;
  }

  signal(name: NodeJS.Signals): void {
    this.process.kill(name);
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exit = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exit;
  }
}

class Chaos {
  readonly #path: string;
  readonly #home: string;
  readonly #random: () => number;
  readonly #peers: Partial<Record<Role, Peer>> = {};
  readonly #violations: string[] = [];
  readonly #downs: Record<string, number> = {};
  #delivered = 0;
  #changed: () => void = () => {};

  constructor(path: string, home: string, random: () => number) {
    this.#path = path;
    this.#home = home;
    this.#random = random;
  }

  async run(iterations: number): Promise<ChaosResult> {
    let converged = 0;
    let slowestMs = 0;
    for (const role of ROLES) this.#start(role);
    if (!(await this.#agree())) throw new Error('the two ends never met');
    for (let i = 0; i < iterations; i++) {
      await this.#strike();
      const startedAt = performance.now();
      if (await this.#agree()) converged++;
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    }
    for (const role of ROLES) await this.#peer(role).burst(1);
    return {
      converged,
      violations: this.#violations,
      downs: this.#downs,
      delivered: this.#delivered,
      slowestMs: Math.round(slowestMs),
    };
  }

  async end(): Promise<void> {
    for (const role of ROLES) await this.#peers[role]?.kill();
  }

  async #strike(): Promise<void> {
    const victims = this.#pick<Victims>([['listen'], ['connect'], ['listen', 'connect']]);
    const survivor = victims.length === 1 ? this.#peer(victims[0] === 'listen' ? 'connect' : 'listen') : undefined;
    const [victim] = victims;
    // A frozen victim leaves what the survivor says in the pipe, stale.
    if (this.#random() < 0.5) this.#peer(victim).signal('SIGSTOP');
    else void this.#peer(victim).burst(Math.floor(this.#random() * 64));
    await survivor?.burst(Math.floor(this.#random() * 64));
    // A frozen survivor sees the new peer before it sees the end of the old one.
    const misses = survivor !== undefined && this.#random() < 0.4;
    if (misses) survivor.signal('SIGSTOP');
    for (const role of victims) await this.#peer(role).kill();
    for (const role of victims.length === 2 && this.#random() < 0.5 ? [...victims].reverse() : victims)
      this.#start(role);
    if (!misses) return;
    await once(this.#peer(victim).process, 'message');
    survivor.signal('SIGCONT');
  }

  async #agree(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), CONVERGE_MS);
    });
    const agreed = new Promise<true>((resolve) => {
      this.#changed = () => {
        const { listen, connect } = this.#peers;
        if (listen?.own && connect?.own && listen.own === connect.peer && connect.own === listen.peer) resolve(true);
      };
      this.#changed();
    });
    return Promise.race([agreed, late]).finally(() => clearTimeout(timer));
  }

  #start(role: Role): void {
    const peer: Peer = new Peer(
      role,
      this.#path,
      this.#home,
      (report) => this.#note(role, report),
      () => {
        if (this.#peers[role] === peer) this.#changed();
      },
    );
    this.#peers[role] = peer;
  }

  #note(role: Role, report: PeerReport): void {
    if (report.type === 'violation') this.#violations.push(`${role}: ${report.what}`);
    if (report.type === 'done') this.#delivered += report.delivered;
    if (report.type === 'down') this.#downs[report.reason] = (this.#downs[report.reason] ?? 0) + 1;
  }

  #peer(role: Role): Peer {
    const peer = this.#peers[role];
    if (!peer) throw new Error(`${role} was never started`);
    return peer;
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random() * choices.length)] as T;
  }
}
