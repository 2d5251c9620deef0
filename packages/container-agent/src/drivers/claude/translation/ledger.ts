import { TaskPlan } from './plan.ts';
import type { ResultMessage } from './result-message.ts';

/** What outlives a turn: one for each process of the program. */
export class Ledger {
  readonly plan: TaskPlan = new TaskPlan();
  #spentUsd = 0;

  /** @returns what this turn alone cost, in US dollars. Every result must pass here, of turns that nobody asked for too. */
  costOf(result: ResultMessage): number | undefined {
    const total = result.totalCostUsd;
    if (total === undefined || total < 0) return undefined;
    // A cleared conversation counts from zero again.
    const cost = total < this.#spentUsd ? total : total - this.#spentUsd;
    this.#spentUsd = total;
    return Math.round(cost * 1e9) / 1e9;
  }
}
