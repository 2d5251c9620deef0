import type { Evidence } from '../../driver.ts';
import { findTranscript, lastMessage } from '../transcript.ts';
import type { OpenTool } from '../translation/translator.ts';
import { isConnected } from './connection.ts';
import { descendantsOf } from './processes.ts';

/** A process that is this much older than its tool call, in ms, is something else: a server that Claude Code keeps. */
const EARLIER_MS = 2_000;

export interface Silence {
  readonly pid: number;
  readonly turn: {
    readonly translator: { readonly openTools: readonly OpenTool[]; readonly stopReason: string | undefined };
    readonly writtenAt: number | undefined;
  };
  readonly env: Readonly<Record<string, string>>;
  readonly sessionId: string | undefined;
}

/** Why Claude Code says nothing, as /proc and its own transcript show it. Bounded: some hundred small reads. */
export function evidenceOf({ pid, turn, env, sessionId }: Silence): Evidence | undefined {
  const { openTools, stopReason } = turn.translator;
  const tool = openTools.at(-1);
  if (tool !== undefined) return { cause: 'tool', message: describeTool(tool, pid) };
  const { writtenAt } = turn;
  if (writtenAt !== undefined && (stopReason === 'end_turn' || isWritten(env, sessionId, writtenAt))) {
    return {
      cause: 'unfinished',
      message: 'the answer is complete, but Claude Code does not say that the turn has ended',
    };
  }
  if (!isConnected(pid)) return undefined;
  return { cause: 'thinking', message: `Claude Code (process ${pid}) waits for the model: its connection stands` };
}

function describeTool(tool: OpenTool, pid: number): string {
  const ageMs = performance.now() - tool.since;
  const work = descendantsOf(pid).find((process) => process.ageMs < ageMs + EARLIER_MS);
  const what = `${tool.title} runs for ${seconds(ageMs)}`;
  if (work === undefined) return what;
  return `${what}: process ${work.pid}, \`${work.command}\`, for ${seconds(work.ageMs)}`;
}

/** The transcript has the end of this turn's answer. */
function isWritten(env: Readonly<Record<string, string>>, sessionId: string | undefined, since: number): boolean {
  const path = sessionId === undefined ? undefined : findTranscript(env, sessionId);
  const last = path === undefined ? undefined : lastMessage(path);
  return last !== undefined && last.stopReason === 'end_turn' && last.at >= since;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
