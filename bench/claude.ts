import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fakeApiEnvironment, startIsolatedApi } from '@ccb/conformance/claude';
import type { Figure } from './figure.ts';
import { interleave } from './interleaving.ts';
import type { Workplace } from './workplace.ts';

const VERSION = '2.1.197';
const WARM_UP = 3;
const ROUNDS = 15;
/** 30 pieces, 100 ms apart: an answer of three seconds. */
const LONG = 'slow: 30';
const SHORT = 'say: a short answer';

export interface ClaudeSetting {
  readonly home: string;
  readonly workspace: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface ClaudeTurn {
  readonly firstMs: number;
  readonly totalMs: number;
  readonly answer: string;
  readonly residentMb?: { readonly agent: number; readonly bridge: number; readonly claude: number };
}

/** What ccb adds to Claude Code itself. The model is a fake, on loopback, in a network that has nothing else. */
export async function claude(place: Workplace): Promise<Figure[]> {
  await using api = await startIsolatedApi();
  const env = { ...fakeApiEnvironment(api.url), CLAUDE_CODE_EXECUTABLE: await api.executable(binary()) };
  const setting = (name: string): ClaudeSetting => {
    const workspace = place.path(name);
    mkdirSync(workspace);
    return { home: place.path(`${name}-home`), workspace, env };
  };
  const ours = await place.side<string, ClaudeTurn>('claude-instance', setting('ours'));
  const bare = await place.side<string, ClaudeTurn>('claude-bare', setting('bare'));
  const sides = (text: string) => ({ ours: () => ours.ask(text), bare: () => bare.ask(text) });
  await interleave(WARM_UP, sides(SHORT));
  const short = await interleave(ROUNDS, sides(SHORT));
  const long = await interleave(ROUNDS, sides(LONG));
  for (const turn of [...long.ours, ...long.bare])
    if (!turn.answer.endsWith('w29 ')) throw new Error(`Not the answer: ${JSON.stringify(turn.answer)}`);
  const firsts = (turns: readonly ClaudeTurn[]): number[] => turns.map(({ firstMs }) => firstMs);
  const totals = (turns: readonly ClaudeTurn[]): number[] => turns.map(({ totalMs }) => totalMs);
  const memory = long.ours.map(({ residentMb = { agent: 0, bridge: 0, claude: 1 } }) => residentMb);
  const beside = (name: string, part: 'agent' | 'bridge'): Figure => ({
    name,
    unit: 'MB',
    ours: memory.map((each) => each[part]),
    baseline: memory.map((each) => each.claude),
    compare: 'ratio',
  });
  return [
    {
      name: 'First text of a short answer',
      unit: 'ms',
      ours: firsts(short.ours),
      baseline: firsts(short.bare),
      compare: 'difference',
      bound: { better: 'lower', limit: 5, goal: 2 },
    },
    {
      name: 'First text of an answer of three seconds',
      unit: 'ms',
      ours: firsts(long.ours),
      baseline: firsts(long.bare),
      compare: 'difference',
      bound: { better: 'lower', limit: 5, goal: 2 },
    },
    {
      name: 'The whole of a short answer',
      unit: 'ms',
      ours: totals(short.ours),
      baseline: totals(short.bare),
      compare: 'difference',
    },
    {
      name: 'The whole of an answer of three seconds',
      unit: 'ms',
      ours: totals(long.ours),
      baseline: totals(long.bare),
      compare: 'ratio',
      bound: { better: 'lower', limit: 1.02, goal: 1.005 },
    },
    beside("Agent's memory (VmRSS) beside Claude Code's", 'agent'),
    beside("Host's memory (VmRSS, with its test loader) beside Claude Code's", 'bridge'),
  ];
}

/** Installed into a cache folder, never a dependency. */
function binary(): string {
  const script = fileURLToPath(new URL('../scripts/claude-code.mjs', import.meta.url));
  return execFileSync(process.execPath, [script, VERSION], { encoding: 'utf8' }).trim();
}
