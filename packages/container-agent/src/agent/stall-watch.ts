import type { StallCause, StallOptions } from '@ccb/instance-interface';
import type { Evidence } from '../drivers/driver.ts';
import type { Flow } from './flow.ts';
import type { AgentLog } from './log.ts';
import type { Supervisor } from './supervisor.ts';
import type { RunningTurn } from './turn.ts';
import { stalledVerdict, type Verdict } from './verdict.ts';

const AFTER_MS = 30_000;
const EVIDENCE_MS = 5_000;
/** The shortest pause between two looks at one silence: evidence may cost a walk through /proc. */
const AGAIN_MS = 1_000;
/** A timer this late was not late: this process stood still, and the program with it for all that is known. */
const ASLEEP_MS = 5_000;
/** The longest that a timer of the system takes. */
const LONGEST_MS = 2 ** 31 - 1;

export interface StallWatchParts {
  readonly supervisor: Supervisor;
  readonly flow: Flow;
  readonly log: AgentLog;
  readonly options: StallOptions;
  end(turn: RunningTurn, verdict: Verdict): void;
}

/**
 * Tells why nothing comes from a running command, as far as evidence shows it, and ends the command where a limit is set
 * for that cause. Output costs a timestamp; the one timer looks at it when it fires, and goes on from turn to turn.
 */
export class StallWatch {
  readonly #parts: StallWatchParts;
  readonly #afterMs: number;
  readonly #limitsMs: Readonly<Partial<Record<StallCause, number | undefined>>>;
  /** ms of silence at which something may be due, ascending. */
  readonly #thresholds: readonly number[];
  readonly #firstMs: number;
  #turn: RunningTurn | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = 0;
  #looking = false;
  #awakeSince = 0;
  #told: { readonly since: number; readonly cause: StallCause } | undefined;

  constructor(parts: StallWatchParts) {
    this.#parts = parts;
    this.#afterMs = parts.options.afterMs ?? AFTER_MS;
    this.#limitsMs = parts.options.limitsMs ?? {};
    const limits = Object.values(this.#limitsMs).filter((limit) => limit !== undefined);
    this.#thresholds = [this.#afterMs, ...limits].sort((a, b) => a - b);
    this.#firstMs = this.#thresholds[0] ?? this.#afterMs;
  }

  begin(turn: RunningTurn): void {
    this.#turn = turn;
    // One that is armed still, for an earlier turn, fires in time for this one.
    if (this.#timer === undefined && !this.#looking) this.#arm(this.#firstMs);
  }

  end(): void {
    this.#turn = undefined;
  }

  close(): void {
    this.#turn = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(ms: number): void {
    const delay = Math.min(Math.max(Math.ceil(ms), 1), LONGEST_MS);
    this.#dueAt = performance.now() + delay;
    this.#timer = setTimeout(() => this.#fire(), delay);
    this.#timer.unref();
  }

  #fire(): void {
    this.#timer = undefined;
    const turn = this.#turn;
    if (turn === undefined) return;
    const now = performance.now();
    if (now - this.#dueAt > ASLEEP_MS) this.#awakeSince = now;
    const since = this.#silentSince(turn);
    if (since === undefined || turn.verdict !== undefined) this.#arm(this.#pauseMs);
    else if (now - since < this.#firstMs) this.#arm(this.#firstMs - (now - since));
    else void this.#look(turn, since);
  }

  /** undefined while nothing can be heard, as the program's output is not read: that silence is ours. */
  #silentSince(turn: RunningTurn): number | undefined {
    const { readingSince } = this.#parts.flow;
    return readingSince === undefined ? undefined : Math.max(turn.heardAt, readingSince, this.#awakeSince);
  }

  async #look(turn: RunningTurn, since: number): Promise<void> {
    this.#looking = true;
    const evidence = await this.#find(turn);
    this.#looking = false;
    if (this.#turn === undefined) return;
    const silentMs = performance.now() - since;
    const holds = this.#turn === turn && turn.verdict === undefined && this.#silentSince(turn) === since;
    if (!holds) {
      this.#arm(this.#firstMs);
      return;
    }
    if (evidence !== undefined) this.#judge(turn, evidence, since, silentMs);
    const next = this.#thresholds.find((threshold) => threshold > silentMs);
    this.#arm(Math.min((next ?? Number.POSITIVE_INFINITY) - silentMs, this.#pauseMs));
  }

  get #pauseMs(): number {
    return Math.max(this.#firstMs, AGAIN_MS);
  }

  #judge(turn: RunningTurn, { cause, message }: Evidence, since: number, silentMs: number): void {
    const limit = this.#limitsMs[cause];
    const over = limit !== undefined && silentMs >= limit;
    const told = this.#told?.since === since && this.#told.cause === cause;
    if (!told && (over || silentMs >= this.#afterMs)) {
      this.#told = { since, cause };
      this.#parts.log('info', 'command.stalled', {
        id: turn.id,
        cause,
        silentMs: Math.round(silentMs),
        reason: message,
      });
      turn.note({ type: 'status', status: 'stalled', cause, message: `silent for ${seconds(silentMs)}: ${message}` });
    }
    if (over) this.#parts.end(turn, stalledVerdict(cause, message, seconds(silentMs)));
  }

  async #find(turn: RunningTurn): Promise<Evidence | undefined> {
    const { supervisor } = this.#parts;
    const { pid } = supervisor.driver;
    const process = pid === undefined ? 'its process' : `its process (${pid})`;
    const health = supervisor.health();
    if (health === 'dead' || health === 'idle') return { cause: 'dead', message: `${process} is gone` };
    if (health === 'stopped') return { cause: 'frozen', message: `${process} is stopped` };
    if (turn.asking) return { cause: 'permission', message: 'it waits for an answer to its question' };
    return await this.#ask(turn);
  }

  async #ask(turn: RunningTurn): Promise<Evidence | undefined> {
    const { supervisor, log } = this.#parts;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`the driver did not answer within ${EVIDENCE_MS} ms`)), EVIDENCE_MS);
    });
    try {
      return await Promise.race([supervisor.driver.evidence?.(), late]);
    } catch (error) {
      log('warn', 'stall.no_evidence', { id: turn.id, reason: String(error) });
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}

function seconds(ms: number): string {
  return `${ms < 10_000 ? (ms / 1_000).toFixed(1) : Math.round(ms / 1_000)} s`;
}
