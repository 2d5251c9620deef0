import type { Channel } from '@ccb/named-pipe';
import { seqOfCursor } from '../journal/cursor.ts';
import type { Journal } from '../journal/journal.ts';
import { encodeControl } from '../protocol/encode.ts';
import type { AgentFrame, AgentHello, CommandFrame, ControlFrame, HostFrame, HostHello } from '../protocol/frames.ts';
import { negotiate, oldestProtocol, protocolVersion } from '../protocol/version.ts';
import type { AgentLog } from './log.ts';
import type { Program } from './program.ts';
import { Refusal } from './refusal.ts';
import type { Sender } from './sender.ts';

/** What a session needs of the agent around it. */
export interface SessionParts {
  readonly journal: Journal;
  readonly program: Program;
  readonly log: AgentLog;
  readonly version: string;
  acknowledge(seq: number): void;
  shutdown(graceMs: number): void;
}

/** What an observer may say: nothing that needs the hold. */
const OBSERVERS_FRAMES = new Set<HostFrame['type']>([
  'ack',
  'ping',
  'interrupt',
  'resume',
  'pause',
  'proceed',
  'shutdown',
]);

/** A host that asks and never reads is not listened to any further. */
const MAX_UNREAD = 1_000;

/** The conversation with one host over one channel, from its hello to its end. */
export class HostSession {
  readonly host: string;
  readonly since: string = new Date().toISOString();
  readonly #channel: Channel<HostFrame, AgentFrame>;
  readonly #sender: Sender;
  readonly #parts: SessionParts;
  readonly #observer: boolean;
  #heardAt: number = performance.now();
  readonly #undrained: () => void;
  /** Answers that the channel has not handed over yet. */
  #unread = 0;
  #ended = false;

  private constructor(
    hello: HostHello,
    channel: Channel<HostFrame, AgentFrame>,
    sender: Sender,
    parts: SessionParts,
    observer: boolean,
  ) {
    this.host = hello.host;
    this.#channel = channel;
    this.#sender = sender;
    this.#parts = parts;
    this.#observer = observer;
    this.#undrained = channel.on('drain', () => this.#drained());
    this.tell(helloFrame(parts));
    this.#askAgain();
    sender.attach(channel, parts.journal.lastSeq);
  }

  /** Answers a hello; undefined when the two have no version of the protocol in common. */
  static open(
    hello: HostHello,
    channel: Channel<HostFrame, AgentFrame>,
    sender: Sender,
    parts: SessionParts,
    observer: boolean,
  ): HostSession | undefined {
    if (negotiate(hello.protocol) !== undefined) return new HostSession(hello, channel, sender, parts, observer);
    const theirs = hello.protocol.join(' to ');
    const message = `this agent (${parts.version}) speaks protocol ${oldestProtocol} to ${protocolVersion}, the host ${theirs}; use the same version of ccb on both sides, or stop and start the instance`;
    parts.log('warn', 'host.mismatch', { host: hello.host, protocol: hello.protocol });
    channel.write(encodeControl(new Refusal('CCB_PROTOCOL_MISMATCH', message).frame({})));
    return undefined;
  }

  /** ms since the last frame. */
  get silence(): number {
    return performance.now() - this.#heardAt;
  }

  static busy(channel: Channel<HostFrame, AgentFrame>, parts: SessionParts, holder: HostSession): void {
    channel.write(encodeControl({ ...helloFrame(parts), busy: { host: holder.host, since: holder.since } }));
  }

  end(): void {
    this.#ended = true;
    this.#undrained();
    this.#drained();
    this.#sender.detach();
  }

  tell(frame: ControlFrame | AgentHello): void {
    // What was asked for in this session may be ready only when another host has taken the channel over.
    if (this.#ended || this.#channel.write(encodeControl(frame)) !== 'queued') return;
    this.#unread += 1;
    if (this.#unread === MAX_UNREAD) this.#channel.pause();
  }

  /** The channel has room again. */
  #drained(): void {
    if (this.#unread >= MAX_UNREAD) this.#channel.resume();
    this.#unread = 0;
  }

  receive(frame: HostFrame): void {
    this.#heardAt = performance.now();
    if (this.#observer && !OBSERVERS_FRAMES.has(frame.type)) {
      const about = 'id' in frame && frame.id !== undefined ? { id: frame.id } : {};
      const message = `an observer cannot send ${frame.type}; open the instance with mode 'hold'`;
      this.tell(new Refusal('CCB_LOCKED', message).frame(about));
      return;
    }
    const { program } = this.#parts;
    switch (frame.type) {
      case 'command':
        this.#command(frame);
        break;
      case 'ack':
        this.#acknowledge(frame.seq);
        break;
      case 'ping':
        this.#acknowledge(frame.ack);
        this.#pong(frame.n);
        break;
      case 'pause':
        this.#sender.pause();
        break;
      case 'proceed':
        this.#sender.proceed();
        break;
      case 'configure':
        program.configure(frame.secrets).then(
          () => this.tell({ type: 'configured', pid: program.pid }),
          (error: unknown) => this.#refuse(error, {}),
        );
        break;
      case 'cancel':
        program.turns?.cancel(frame.id, frame.reason);
        break;
      case 'permission':
        program.turns?.answer(frame);
        break;
      case 'interrupt':
        void (program.turns?.interrupt() ?? Promise.resolve(undefined)).then((id) =>
          this.tell({ type: 'interrupted', ref: frame.ref, id }),
        );
        break;
      case 'resume':
        this.#resume(frame);
        break;
      case 'shutdown':
        this.#parts.shutdown(frame.graceMs);
        break;
    }
  }

  #command(frame: CommandFrame): void {
    this.#acknowledge(frame.ack);
    const { id } = frame;
    try {
      const { turns } = this.#parts.program;
      if (turns === undefined) throw this.#parts.program.unconfigured();
      const known = turns.submit(frame);
      if (known !== undefined) this.#sender.rewind(this.#after(frame.after) ?? known.beginSeq - 1);
    } catch (error) {
      this.#refuse(error, { id });
    }
  }

  #resume({ id, after, ref }: Extract<HostFrame, { type: 'resume' }>): void {
    const { journal, program } = this.#parts;
    try {
      let from = this.#after(after);
      if (id !== undefined) {
        const known = journal.lookup(id);
        if (known === undefined && program.turns?.isWaiting(id) !== true) {
          throw new Refusal('CCB_NOT_FOUND', `no command ${id} is known here; history() lists those that are kept`);
        }
        from ??= known === undefined ? journal.lastSeq : known.beginSeq - 1;
        // The result is owed also to whoever has seen the end already.
        if (known?.endSeq !== undefined) from = Math.min(from, known.endSeq - 1);
      }
      from ??= journal.firstSeq - 1;
      journal.position(from);
      this.tell({ type: 'resumed', ref, after: from, upTo: journal.lastSeq });
      this.#sender.rewind(from);
      if (id !== undefined) this.#askAgain(id);
    } catch (error) {
      this.#refuse(error, { ref });
    }
  }

  #after(cursor: string | undefined): number | undefined {
    return cursor === undefined ? undefined : seqOfCursor(cursor, this.#parts.journal.id);
  }

  /** What is open was asked of a host that is gone, or before anybody followed the command. */
  #askAgain(id?: string): void {
    const turn = this.#parts.program.turns?.current;
    if (this.#observer || turn === undefined || (id ?? turn.id) !== turn.id) return;
    turn.questions.repeat((frame) => this.tell(frame));
  }

  #pong(n: number): void {
    const { program, journal } = this.#parts;
    const turn = program.turns?.current;
    this.tell({
      type: 'pong',
      n,
      program: program.health(),
      programVersion: program.version,
      pid: program.pid,
      running: turn?.id,
      runningSince: turn?.startedAt,
      waitingFor: turn?.asking ? 'permission' : undefined,
      lastSeq: journal.lastSeq,
    });
  }

  #refuse(error: unknown, about: { readonly id?: string; readonly ref?: number }): void {
    const refusal = Refusal.of(error, 'CCB_PROTOCOL', 'the agent could not do that');
    this.#parts.log('warn', 'frame.refused', { code: refusal.code, reason: refusal.message, ...about });
    this.tell(refusal.frame(about));
  }

  /** Only the holder's word counts: what it has not taken yet must stay, however far an observer has read. */
  #acknowledge(seq: number | undefined): void {
    if (seq !== undefined && !this.#observer) this.#parts.acknowledge(seq);
  }
}

function helloFrame({ journal, program, version }: SessionParts): AgentHello {
  const turn = program.turns?.current;
  return {
    type: 'hello',
    protocol: protocolVersion,
    agentVersion: version,
    journalId: journal.id,
    lastSeq: journal.lastSeq,
    ackedSeq: journal.ackedSeq,
    program: program.name,
    programVersion: program.version,
    pid: program.pid,
    running: turn?.id,
    runningSince: turn?.startedAt,
    configured: program.turns !== undefined,
  };
}
