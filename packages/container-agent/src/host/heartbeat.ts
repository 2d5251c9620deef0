/** Times that an agent is asked before it counts as silent. */
const BEATS = 3;

/** Notices an agent that is there and says nothing: asks three times within the limit, gives up at the limit. */
export class Heartbeat {
  readonly #everyMs: number;
  readonly #events: { beat(): void; silent(): void; heard(): void };
  #timer: NodeJS.Timeout | undefined;
  #missed = 0;
  #silent = false;

  constructor(silenceMs: number, events: { beat(): void; silent(): void; heard(): void }) {
    this.#everyMs = silenceMs / (BEATS + 1);
    this.#events = events;
  }

  start(): void {
    this.stop();
    this.#timer = setInterval(() => {
      this.#missed += 1;
      if (this.#missed > BEATS && !this.#silent) {
        this.#silent = true;
        this.#events.silent();
      }
      this.#events.beat();
    }, this.#everyMs);
    // Liveness is of interest only while something else keeps the process there.
    this.#timer.unref();
  }

  /** Any frame is a sign of life. */
  heard(): void {
    this.#missed = 0;
    if (!this.#silent) return;
    this.#silent = false;
    this.#events.heard();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#missed = 0;
    this.#silent = false;
  }
}
