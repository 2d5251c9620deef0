import { join } from 'node:path';
import { acquireLock, type FileLock, isLocked, whenFree } from '@ccb/named-pipe/lock';
import { discardDirectory } from '../host/leftovers.ts';
import { Journal } from '../journal/journal.ts';
import type { ControlFrame } from '../protocol/frames.ts';
import { type DirectoryWatch, watchDirectory } from './directory-watch.ts';
import { Flow } from './flow.ts';
import { HostAbsence } from './host-absence.ts';
import type { SessionParts } from './host-session.ts';
import { Hosts } from './hosts.ts';
import type { Listener, Reception } from './listener.ts';
import type { AgentLog } from './log.ts';
import { Observers } from './observers.ts';
import { Outbox } from './outbox.ts';
import { PipeListener } from './pipe-listener.ts';
import { previousEnd } from './previous-end.ts';
import { Program } from './program.ts';
import { Refusal } from './refusal.ts';
import { Sender } from './sender.ts';
import type { AgentSettings } from './settings.ts';
import { SocketListener } from './socket-listener.ts';

const DISPOSE_GRACE_MS = 1_000;
const MAX_LAG_BYTES = 64 * 1024 * 1024;
const HOST_SILENCE_MS = 15_000;
/** ms that the last lines have to reach a host at the end. */
const DRAIN_MS = 1_000;
/** The longest that a timer of the system takes. */
const LONGEST_MS = 2 ** 31 - 1;

/** Everything of one instance that lives beside its program. */
export class Agent implements AsyncDisposable {
  readonly #settings: AgentSettings;
  readonly #log: AgentLog;
  readonly #lock: FileLock;
  readonly #journal: Journal;
  readonly #sender: Sender;
  readonly #outbox: Outbox;
  readonly #program: Program;
  readonly #hosts: Hosts;
  readonly #observers: Observers;
  readonly #ended = new AbortController();
  readonly #listeners: Listener[] = [];
  #absence: HostAbsence | undefined;
  #watch: DirectoryWatch | undefined;
  #stopping: Promise<void> | undefined;

  private constructor(settings: AgentSettings, version: string, log: AgentLog, lock: FileLock, journal: Journal) {
    this.#settings = settings;
    this.#log = log;
    this.#lock = lock;
    this.#journal = journal;
    this.#sender = new Sender(journal, log);
    const flow = new Flow(
      journal,
      settings.journal?.maxLagBytes ?? MAX_LAG_BYTES,
      () => this.#program.supervisor?.driver,
    );
    this.#outbox = new Outbox(journal, this.#sender, {
      committed: () => {
        flow.update();
        this.#observers.publish();
      },
      full: (error) => {
        log('error', 'journal.full', { reason: String(error) });
        this.#program.turns?.diskFull();
      },
      endLost: (id, error) => {
        log('error', 'journal.end_lost', { id, reason: String(error) });
        this.#refuse(
          id,
          Refusal.of(error, 'CCB_DISK_FULL', 'the command has ended, and its end could not be journaled'),
        );
      },
    });
    const refuse = (id: string, refusal: Refusal): void => this.#refuse(id, refusal);
    const tell = (frame: ControlFrame): void => this.#hosts.tell(frame);
    this.#program = new Program(settings, { journal, outbox: this.#outbox, flow, log, refuse, tell });
    const parts: SessionParts = {
      journal,
      program: this.#program,
      log,
      version,
      acknowledge: (seq) => {
        journal.acknowledge(seq);
        flow.update();
      },
      shutdown: (graceMs) => void this.stop('host', graceMs),
    };
    const silenceMs = settings.hostSilenceMs ?? HOST_SILENCE_MS;
    this.#observers = new Observers(parts, silenceMs);
    this.#hosts = new Hosts(parts, this.#sender, silenceMs, (held) => this.#absence?.update(held));
  }

  /**
   * Takes the instance's kernel lock for life, ends what a dead agent left, and listens.
   * @throws {NamedPipeError} CCB_PIPE_LOCKED: an agent of this instance lives already
   */
  static async start(settings: AgentSettings, version: string, log: AgentLog): Promise<Agent> {
    const lock = await acquireLock(join(settings.state, 'agent.lock'));
    let journal: Journal | undefined;
    try {
      journal = Journal.open(join(settings.state, 'journal'), { ...settings.journal, log });
      const agent = new Agent(settings, version, log, lock, journal);
      await agent.#program.load();
      agent.#program.endLeftovers();
      agent.#endLost();
      await agent.#listen();
      agent.#watch = watchDirectory(settings.state, log, () => void agent.stop('its directory is gone', 1_000));
      agent.#watchHost();
      log('info', 'agent.started', { pid: process.pid, version, journalId: journal.id, lastSeq: journal.lastSeq });
      return agent;
    } catch (error) {
      journal?.close();
      await lock.release();
      throw error;
    }
  }

  /** Resolves when the agent has ended, for whatever reason. */
  async ended(): Promise<void> {
    const { signal } = this.#ended;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    await this.#stopping;
  }

  stop(reason: string, graceMs: number): Promise<void> {
    this.#stopping ??= this.#stop(reason, Math.min(graceMs, LONGEST_MS)).finally(() => this.#ended.abort());
    return this.#stopping;
  }

  /** For a process that goes on; else the lock is left to the kernel. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('disposed', DISPOSE_GRACE_MS);
    await this.#lock.release();
  }

  /** Leaves no program behind; nothing else is certain any more. */
  crash(): void {
    this.#program.kill();
  }

  async #stop(reason: string, graceMs: number): Promise<void> {
    this.#log('info', 'agent.stopping', { reason, graceMs });
    this.#watch?.close();
    this.#absence?.close();
    try {
      await this.#program.stop(graceMs);
    } catch (error) {
      this.#log('error', 'program.not_stopped', { reason: String(error) });
    }
    this.#outbox.commit();
    await this.#hosts.drained(DRAIN_MS);
    await this.#observers.close();
    this.#hosts.end();
    this.#journal.close();
    const abandoned = await this.#isAbandoned();
    await this.#closeListeners();
    if (abandoned) this.#remove();
    // The lock goes with the process: who sees it free may rely on nothing being left.
    this.#log('info', 'agent.ended', { reason });
  }

  /** An ephemeral instance that is held may be started again by its holder, who removes it in the end. */
  async #isAbandoned(): Promise<boolean> {
    const { ephemeral } = this.#settings;
    try {
      return ephemeral !== undefined && 'lock' in ephemeral && !(await isLocked(ephemeral.lock));
    } catch {
      return false;
    }
  }

  #remove(): void {
    const { ephemeral } = this.#settings;
    if (ephemeral === undefined || !('directory' in ephemeral)) return;
    const { directory } = ephemeral;
    try {
      discardDirectory(directory);
    } catch (error) {
      this.#log('error', 'instance.not_removed', { directory, reason: String(error) });
    }
  }

  #refuse(id: string, refusal: Refusal): void {
    const frame = refusal.frame({ id });
    this.#hosts.tell(frame);
    this.#observers.tell(frame);
  }

  async #listen(): Promise<void> {
    const { pipes, socket } = this.#settings;
    const reception: Reception = { hosts: this.#hosts, observers: this.#observers, log: this.#log };
    try {
      if (pipes !== undefined) this.#listeners.push(await PipeListener.open(pipes, reception));
      if (socket !== undefined) this.#listeners.push(await SocketListener.open(socket, reception));
    } catch (error) {
      await this.#closeListeners();
      throw error;
    }
  }

  async #closeListeners(): Promise<void> {
    await Promise.all(this.#listeners.splice(0).map((listener) => listener.close()));
  }

  /** A command that was begun and never ended died with an earlier agent: nobody knows how far it came, so it never runs again. */
  #endLost(): void {
    const end = previousEnd(this.#settings);
    const why = end === undefined ? '' : ` (${end})`;
    for (const { id } of this.#journal.unended) {
      this.#log('warn', 'command.lost', { id });
      const message = `the agent died while the command ran${why}; how far it came is not known, and it was not run again`;
      this.#outbox.end(id, {
        id,
        durationMs: 0,
        outputBytes: 0,
        completedBy: 'exit',
        inferred: false,
        success: false,
        status: 'failed',
        error: { code: 'CCB_AGENT_LOST', message, retryable: true },
      });
    }
    this.#outbox.commit();
  }

  #watchHost(): void {
    const { ephemeral } = this.#settings;
    if (ephemeral === undefined) return;
    if ('lock' in ephemeral) this.#watchHolder(ephemeral.lock);
    else {
      const { hostGoneMs } = ephemeral;
      this.#absence = new HostAbsence(hostGoneMs, () => void this.stop('no host holds it any more', 1_000));
    }
  }

  #watchHolder(lock: string): void {
    whenFree(lock, { signal: this.#ended.signal }).then(
      () => void this.stop('the holder is gone', 1_000),
      (error: unknown) => {
        if (!this.#ended.signal.aborted) void this.stop(`the holder cannot be watched: ${String(error)}`, 1_000);
      },
    );
  }
}
