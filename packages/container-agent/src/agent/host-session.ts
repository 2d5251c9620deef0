import type { Channel } from '@ccb/named-pipe';
import { seqOfCursor } from '../journal/cursor.ts';
import type { Journal } from '../journal/journal.ts';
import { encodeControl } from '../protocol/encode.ts';
import type { AgentFrame, AgentHello, CommandFrame, HostFrame, HostHello, JournalFrame } from '../protocol/frames.ts';
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
  'hello',
  'ping',
  'interrupt',
  'resume',
  'pause',
  'proceed',
  'shutdown',
]);

/** The conversation with one host over one channel, from its hello to its end. */
export class HostSession {
  readonly host: string;
  readonly since: string = new Date().toISOString();
  readonly #channel: Channel<HostFrame, AgentFrame>;
  readonly #sender: Sender;
  readonly #parts: SessionParts;
  readonly #observer: boolean;
  #heardAt: number = performance.now();

  constructor(
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
    if (negotiate(hello.protocol) === undefined) {
      const theirs = hello.protocol.join(' to ');
      const message = `this agent (${parts.version}) speaks protocol ${oldestProtocol} to ${protocolVersion}, the host ${theirs}; use the same version of ccb on both sides, or stop and start the instance`;
      this.#reply(new Refusal('CCB_PROTOCOL_MISMATCH', message).frame({}));
      return;
    }
    this.#reply(this.#hello());
    sender.attach(channel, parts.journal.lastSeq);
  }

  /** ms since the last frame. */
  get silence(): number {
    return performance.now() - this.#heardAt;
  }

  static busy(channel: Channel<HostFrame, AgentFrame>, parts: SessionParts, holder: HostSession): void {
    channel.write(encodeControl({ ...helloFrame(parts), busy: { host: holder.host, since: holder.since } }));
  }

  end(): void {
    this.#sender.detach();
  }

  receive(frame: HostFrame): void {
    this.#heardAt = performance.now();
    if (this.#observer && !OBSERVERS_FRAMES.has(frame.type)) {
      const about = 'id' in frame && frame.id !== undefined ? { id: frame.id } : {};
      this.#reply(
        new Refusal('CCB_LOCKED', `an observer cannot send ${frame.type}; open the instance with mode 'hold'`).frame(
          about,
        ),
      );
      return;
    }
    const { program } = this.#parts;
    switch (frame.type) {
      case 'command':
        this.#command(frame);
        break;
      case 'ack':
        this.#parts.acknowledge(frame.seq);
        break;
      case 'ping':
        if (frame.ack !== undefined && !this.#observer) this.#parts.acknowledge(frame.ack);
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
          () => this.#reply({ type: 'configured', pid: program.pid }),
          (error: unknown) => this.#refuse(error, {}),
        );
        break;
      case 'cancel':
        program.turns?.cancel(frame.id, frame.reason);
        break;
      case 'interrupt':
        void (program.turns?.interrupt() ?? Promise.resolve(undefined)).then((id) =>
          this.#reply({ type: 'interrupted', ref: frame.ref, id }),
        );
        break;
      case 'resume':
        this.#resume(frame);
        break;
      case 'shutdown':
        this.#parts.shutdown(frame.graceMs);
        break;
      case 'hello':
        this.#reply(this.#hello());
        break;
    }
  }

  #command(frame: CommandFrame): void {
    if (frame.ack !== undefined) this.#parts.acknowledge(frame.ack);
    const { id } = frame;
    try {
      const { turns } = this.#parts.program;
      if (turns === undefined) throw this.#parts.program.unconfigured();
      const known = turns.submit(frame, (refusal) => this.#reply(refusal.frame({ id })));
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
      }
      from ??= journal.firstSeq - 1;
      journal.position(from);
      this.#reply({ type: 'resumed', ref, after: from, upTo: journal.lastSeq });
      this.#sender.rewind(from);
    } catch (error) {
      this.#refuse(error, { ref });
    }
  }

  #after(cursor: string | undefined): number | undefined {
    return cursor === undefined ? undefined : seqOfCursor(cursor, this.#parts.journal.id);
  }

  #pong(n: number): void {
    const { program, journal } = this.#parts;
    const turn = program.turns?.current;
    this.#reply({
      type: 'pong',
      n,
      program: program.health(),
      pid: program.pid,
      running: turn?.id,
      runningSince: turn?.startedAt,
      lastSeq: journal.lastSeq,
    });
  }

  #hello(): AgentHello {
    return helloFrame(this.#parts);
  }

  #refuse(error: unknown, about: { readonly id?: string; readonly ref?: number }): void {
    const refusal = Refusal.of(error, 'CCB_PROTOCOL', 'the agent could not do that');
    this.#parts.log('warn', 'frame.refused', { code: refusal.code, reason: refusal.message, ...about });
    this.#reply(refusal.frame(about));
  }

  #reply(frame: Exclude<AgentFrame, JournalFrame>): void {
    this.#channel.write(encodeControl(frame));
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
    pid: program.pid,
    running: turn?.id,
    runningSince: turn?.startedAt,
    configured: program.turns !== undefined,
  };
}
