import { Sandbox } from './sandbox.ts';
import { type Row, Tally } from './tally.ts';

export interface CampaignOptions {
  /** How often; each campaign says of what. */
  readonly count: number;
  readonly seed: number;
  /** One line of progress. */
  readonly log: (line: string) => void;
}

export interface CampaignResult {
  readonly name: string;
  readonly rows: readonly Row[];
  /** One sentence for each thing that was not as it must be. */
  readonly violations: readonly string[];
}

/** What a campaign works with: a sandbox, and rows to fill. */
export class Field {
  readonly name: string;
  readonly options: CampaignOptions;
  readonly sandbox: Sandbox = new Sandbox();
  readonly #tallies: Tally[] = [];

  constructor(name: string, options: CampaignOptions) {
    this.name = name;
    this.options = options;
  }

  get violations(): readonly string[] {
    return this.#tallies.flatMap((tally) => tally.violations);
  }

  get rows(): readonly Row[] {
    return this.#tallies.map((tally) => tally.row());
  }

  row(what: string, asserted: string): Tally {
    const tally = new Tally(what, asserted);
    this.#tallies.push(tally);
    return tally;
  }

  /** One strike. Whatever it throws is a violation, and the campaign goes on; false then. */
  async strike(tally: Tally, label: string, body: () => Promise<void>): Promise<boolean> {
    const before = tally.violations.length;
    tally.times += 1;
    try {
      await body();
    } catch (error) {
      tally.check(false, error instanceof Error ? error.message : String(error));
    }
    const found = tally.violations.slice(before);
    tally.violations.splice(before, found.length, ...found.map((violation) => `${label}: ${violation}`));
    for (const violation of tally.violations.slice(before)) this.options.log(`${this.name}: VIOLATION ${violation}`);
    if (tally.times % 10 === 0) this.options.log(`${this.name}: ${tally.times} done`);
    return found.length === 0;
  }
}

/** Runs `body`, then ends everything that it made and looks for what is left, whatever happened. */
export async function campaign(
  name: string,
  options: CampaignOptions,
  body: (field: Field) => Promise<void>,
): Promise<CampaignResult> {
  const field = new Field(name, options);
  const aftermath = field.row(
    'everything cleaned up',
    'no process, directory, FIFO or open file of an instance is left',
  );
  await field.strike(aftermath, 'campaign', () => body(field));
  await field.strike(aftermath, 'aftermath', async () => {
    for (const each of await field.sandbox.end()) aftermath.check(false, each);
  });
  aftermath.times = 1;
  const [first, ...rest] = field.rows;
  return { name, rows: first === undefined ? [] : [...rest, first], violations: field.violations };
}
