import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { InstanceRecord } from '@ccb/instance-interface';
import type { Call } from '@ccb/instance-interface/abstract';
import { type Channel, StreamChannel } from '@ccb/named-pipe';
import { AgentInstance } from '../agent-instance.ts';
import { RenewableChannel } from '../renewable-channel.ts';

/** Between its stdio and the pipes of an agent; ends with either. */
const RELAY = `
const { constants, openSync } = require('node:fs');
const { Socket } = require('node:net');
const [pipes] = process.argv.slice(1);
const open = (kind, access) => openSync(pipes + '.' + kind + '.fifo', access | constants.O_NONBLOCK);
const reader = new Socket({ fd: open('out', constants.O_RDONLY), readable: true, writable: false });
const writer = new Socket({ fd: open('in', constants.O_WRONLY), readable: false, writable: true });
reader.pipe(process.stdout);
process.stdin.pipe(writer);
for (const each of [reader, process.stdin]) each.on('end', () => process.exit());
`;

/** An instance whose agent, which somebody else runs, is reached through a process that can be killed at any time. */
export class RelayedInstance extends AgentInstance {
  readonly #pipes: string;
  #relay: ChildProcess | undefined;
  #channel: RenewableChannel | undefined;
  /** How many relays were started. */
  relays = 0;
  /** Relays to come that do nothing but end. */
  stillborn = 0;
  /** What is said while nobody waits; default: what every backend says. */
  idle: ((reason: string) => void) | undefined;

  constructor(record: InstanceRecord, pipes: string) {
    super(record, { created: false, secrets: {} });
    this.#pipes = pipes;
  }

  /** Resolves when it is gone; false: it was already. */
  async killRelay(): Promise<boolean> {
    const relay = this.#relay;
    if (relay === undefined || relay.exitCode !== null || relay.signalCode !== null) return false;
    const exit = once(relay, 'exit');
    relay.kill('SIGKILL');
    await exit;
    return true;
  }

  moved(to: 'unreachable', reason: string): void {
    this._moved(to, reason);
  }

  protected override async _launch(): Promise<'running'> {
    return 'running';
  }

  protected override async _alive(): Promise<boolean> {
    return true;
  }

  protected override async _whenGone({ signal }: Call): Promise<void> {
    await once(signal, 'abort');
    throw signal.reason;
  }

  protected override async _channel({ signal }: Call): Promise<Channel> {
    this.#channel = new RenewableChannel(() => this.#open());
    await this.#channel.renew(signal);
    return this.#channel;
  }

  protected override async _rejoin({ signal }: Call): Promise<void> {
    await this.#channel?.renew(signal);
  }

  protected override _idleDown(reason: string): void {
    if (this.idle === undefined) super._idleDown(reason);
    else this.idle(reason);
  }

  protected override async _hold(): Promise<void> {}
  protected override async _release(): Promise<void> {}
  protected override async _kill(): Promise<void> {}

  protected override async _cleanup(call: Call): Promise<void> {
    await this._end(call);
    await this.killRelay();
  }

  async #open(): Promise<Channel> {
    await this.killRelay();
    this.relays += 1;
    this.stillborn -= 1;
    const script = this.stillborn >= 0 ? 'process.exit(1)' : RELAY;
    const relay = spawn(process.execPath, ['-e', script, this.#pipes], {
      env: { PATH: process.env.PATH },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#relay = relay;
    await once(relay, 'spawn');
    return new StreamChannel({ readable: relay.stdout, writable: relay.stdin });
  }
}
