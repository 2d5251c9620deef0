import { setImmediate as tick } from 'node:timers/promises';
import type { AgentFrame, HostFrame, JournalFrame } from '@ccb/container-agent';
import type { Channel } from '@ccb/named-pipe';
import { type HostileOptions, hostileLine } from './hostile-lines.ts';
import type { Random } from './random.ts';

const JOURNAL_ID = 'abcdefghijkl';
const AT = '2026-01-01T00:00:00.000Z';
const IDS = ['a', 'b', 'c', 'd', 'nobody'];

/** An agent's end of a channel that keeps a journal, and raves in between. */
export class HostileAgent {
  readonly channel: Channel<HostFrame>;
  readonly #random: Random;
  readonly #journal: JournalFrame[] = [];
  #honest = false;
  /** Questions that it did not care to answer. */
  #ignored: HostFrame[] = [];
  readonly #options: HostileOptions = { valid: () => this.#frame(), longBytes: 1024 * 1024 };

  constructor(channel: Channel<HostFrame>, random: Random) {
    this.channel = channel;
    this.#random = random;
    channel.subscribe((frame) => this.#heard(frame));
  }

  async rave(lines: number): Promise<void> {
    const said: Buffer[] = [];
    for (let left = lines; left > 0; left -= 1) {
      if (this.#random.chance(0.2)) said.push(line(this.#record(this.#journalFrame())));
      else said.push(hostileLine(this.#random, this.#options));
    }
    this.channel.write(Buffer.concat(said));
    await tick();
  }

  /** From now on nothing but the truth, also to what was asked before. */
  repent(): void {
    this.#honest = true;
    for (const frame of this.#ignored.splice(0)) if (frame.type !== 'command') this.#heard(frame);
  }

  #heard(frame: HostFrame): void {
    if (frame.type === 'hello') this.#say(this.#hello());
    else if (!this.#honest && this.#random.chance(0.3)) this.#ignored.push(frame);
    else if (frame.type === 'ping')
      this.#say({ type: 'pong', n: frame.n, program: 'running', lastSeq: this.#journal.length });
    else if (frame.type === 'resume') this.#goBack(frame.ref, Number(frame.after?.split('.')[1] ?? 0));
    else if (frame.type === 'command' && this.#honest) this.#answer(frame.id, frame.text);
  }

  #goBack(ref: number, after: number): void {
    const upTo = this.#journal.length;
    this.#say({ type: 'resumed', ref, after: Math.min(after, upTo), upTo }, ...this.#journal.slice(after));
  }

  #answer(id: string, text: string): void {
    const result = { id, durationMs: 0, outputBytes: 0, completedBy: 'program', inferred: false } as const;
    const next = (): { readonly seq: number; readonly id: string; readonly at: string } => {
      return { seq: this.#journal.length + 1, id, at: AT };
    };
    this.#say(this.#record({ type: 'begin', ...next(), digest: 'd', text }));
    this.#say(this.#record({ type: 'event', ...next(), event: { type: 'text', text } }));
    this.#say(this.#record({ type: 'end', ...next(), result: { ...result, success: true, status: 'completed' } }));
  }

  #say(...frames: readonly AgentFrame[]): void {
    this.channel.write(Buffer.concat(frames.map(line)));
  }

  #record(frame: JournalFrame): JournalFrame {
    this.#journal.push(frame);
    return frame;
  }

  #frame(): AgentFrame {
    const random = this.#random;
    const ref = random.integer(0, 200);
    switch (random.integer(0, 9)) {
      case 0:
        return this.#hello();
      case 1:
        return { type: 'pong', n: ref, program: 'running', lastSeq: ref };
      case 2:
        return { type: 'resumed', ref, after: random.integer(0, 500), upTo: random.integer(0, 500) };
      case 3:
        return {
          type: 'refused',
          ref: random.chance(0.5) ? ref : undefined,
          code: 'CCB_BUSY',
          message: 'm',
          retryable: true,
        };
      case 4:
        return { type: 'interrupted', ref, id: 'a' };
      case 5:
        return { type: 'log', level: 'info', event: 'e', fields: { a: 1 } };
      default:
        return this.#journalFrame();
    }
  }

  #journalFrame(): JournalFrame {
    const random = this.#random;
    const id = IDS[random.integer(0, IDS.length - 1)] ?? 'a';
    const place = { seq: this.#journal.length + 1, id, at: AT };
    const kind = random.fraction();
    if (kind < 0.1) return { type: 'begin', ...place, digest: 'd', text: 'x' };
    if (kind < 0.95)
      return { type: 'event', ...place, event: { type: 'text', text: 'x'.repeat(random.integer(0, 300)) } };
    const result = { id, durationMs: 0, outputBytes: 0, completedBy: 'program', inferred: false } as const;
    return { type: 'end', ...place, result: { ...result, success: true, status: 'completed' } };
  }

  #hello(): AgentFrame {
    const lastSeq = this.#journal.length;
    const rest = { agentVersion: 'hostile', program: 'none', configured: true, ackedSeq: 0, lastSeq };
    return { type: 'hello', protocol: 1, journalId: JOURNAL_ID, ...rest };
  }
}

function line(frame: AgentFrame): Buffer {
  return Buffer.from(`${JSON.stringify(frame)}\n`);
}
