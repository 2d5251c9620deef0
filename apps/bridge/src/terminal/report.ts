import type { ByteSink } from '../byte-sink.ts';
import { wantsColor } from '../options/color.ts';
import type { Runner } from '../runner.ts';
import { table } from './table.ts';

/** What a verb has found out, on stdout: for people, or one JSON object a line. */
export class Report {
  readonly #runner: Runner;

  constructor(runner: Runner) {
    this.#runner = runner;
  }

  /** As a table; nothing where there are no rows but `none`, on stderr. */
  async rows<T>(
    found: readonly T[],
    head: readonly string[],
    cells: (each: T) => readonly string[],
    none: string,
  ): Promise<void> {
    const { settings, notices } = this.#runner;
    if (settings.json) {
      for (const each of found) await this.json(each);
    } else if (found.length === 0) notices.info(none);
    else await this.text(table(head, found.map(cells), { columns: this.#columns, color: this.#color }));
  }

  async json(value: unknown): Promise<void> {
    await this.text(`${JSON.stringify(value)}\n`);
  }

  async text(text: string): Promise<void> {
    await this.#sink.write(text, this.#runner.signals.leaving);
  }

  get #sink(): ByteSink {
    return this.#runner.stdout;
  }

  get #columns(): number | undefined {
    return process.stdout.isTTY ? process.stdout.columns : undefined;
  }

  get #color(): boolean {
    const choice = this.#runner.settings.color;
    return wantsColor(choice, process.env, process.stdout.isTTY ?? false);
  }
}
