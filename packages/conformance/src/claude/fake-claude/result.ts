import { randomUUID } from 'node:crypto';
import type { Session } from './session.ts';
import { costOf, modelUsage, type Tokens, wholeUsage } from './usage.ts';

/** How a turn ended. */
export type Ending =
  | {
      readonly type: 'answered';
      readonly text: string;
      readonly stopReason: string;
      readonly isError: boolean;
      readonly status: number | null;
      /** `num_turns` */
      readonly turns: number;
    }
  | { readonly type: 'interrupted'; readonly in: 'streaming' | 'tools' }
  | { readonly type: 'command'; readonly text: string };

/** The result message. `tokens` are the turn's. */
export function result(
  session: Session,
  ending: Ending,
  turn: { readonly startedAt: number; readonly tokens: Tokens; readonly denials: readonly object[] },
): object {
  const durationMs = Math.round(performance.now() - turn.startedAt);
  const durations = { duration_ms: durationMs, duration_api_ms: ending.type === 'answered' ? durationMs : 0 };
  const account = {
    session_id: session.id,
    total_cost_usd: costOf(session.tokens),
    usage: wholeUsage(turn.tokens),
    modelUsage: modelUsage(session.model, session.tokens),
    permission_denials: turn.denials,
  };
  const tail = { fast_mode_state: 'off', uuid: randomUUID() };
  switch (ending.type) {
    case 'answered':
      return {
        type: 'result',
        subtype: 'success',
        is_error: ending.isError,
        api_error_status: ending.status,
        ...durations,
        ...(ending.isError
          ? {}
          : { ...(ending.text === '' ? {} : { ttft_ms: 1 }), ttft_stream_ms: 1, time_to_request_ms: 1 }),
        num_turns: ending.turns,
        result: ending.text,
        stop_reason: ending.stopReason,
        ...account,
        terminal_reason: 'completed',
        ...tail,
      };
    case 'command':
      return {
        type: 'result',
        subtype: 'success',
        is_error: false,
        ...durations,
        num_turns: 0,
        result: ending.text,
        stop_reason: null,
        ...account,
        ...tail,
      };
    case 'interrupted': {
      const stopReason = ending.in === 'tools' ? 'tool_use' : null;
      return {
        type: 'result',
        subtype: 'error_during_execution',
        ...durations,
        is_error: true,
        num_turns: ending.in === 'tools' ? 3 : 2,
        stop_reason: stopReason,
        ...account,
        terminal_reason: ending.in === 'tools' ? 'aborted_tools' : 'aborted_streaming',
        ...tail,
        errors: [`[ede_diagnostic] result_type=user last_content_type=n/a stop_reason=${stopReason}`],
      };
    }
  }
}

/** The result of a process that cannot begin. */
export function refusal(sessionId: string, error: string): object {
  return {
    type: 'result',
    subtype: 'error_during_execution',
    duration_ms: 0,
    duration_api_ms: 0,
    is_error: true,
    num_turns: 0,
    stop_reason: null,
    session_id: sessionId,
    total_cost_usd: 0,
    usage: wholeUsage({ input: 0, output: 0 }),
    modelUsage: {},
    permission_denials: [],
    uuid: randomUUID(),
    errors: [error],
  };
}
