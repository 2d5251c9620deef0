import { type Json, optionalNumber, optionalObject, optionalText, text, texts } from './json.ts';

/** The end of a turn; there is no other mark of it. */
export interface ResultMessage {
  readonly type: 'result';
  /** `success`, also where `isError`; `error_during_execution`, `error_max_turns` … */
  readonly subtype: string;
  readonly isError: boolean;
  readonly sessionId?: string | undefined;
  /** The turn's last text block alone, or the text of an error. */
  readonly result?: string | undefined;
  readonly errors: readonly string[];
  /** The model's, of its last message. */
  readonly stopReason?: string | undefined;
  /** The program's: `completed`, `aborted_streaming`, `aborted_tools`, `model_error` … */
  readonly terminalReason?: string | undefined;
  /** HTTP. */
  readonly apiErrorStatus?: number | undefined;
  /** The program's word for what failed in the model: `max_output_tokens`, `connection_failed`. */
  readonly apiError?: string | undefined;
  /** US dollars since the program started or its conversation was cleared, NOT of this turn. */
  readonly totalCostUsd?: number | undefined;
  /** Of this turn. */
  readonly usage: Json;
  /** Absent: a prompt. `task-notification`: the program took this turn by itself, because a background task of its ended. */
  readonly origin?: string | undefined;
  /** The uuids of the prompts that this turn answered, where the version says so. */
  readonly prompts: readonly string[];
}

export function parseResult(line: Json): ResultMessage {
  return {
    type: 'result',
    subtype: text(line, 'subtype'),
    isError: line.is_error === true,
    sessionId: optionalText(line, 'session_id'),
    result: optionalText(line, 'result'),
    errors: texts(line, 'errors'),
    stopReason: optionalText(line, 'stop_reason'),
    terminalReason: optionalText(line, 'terminal_reason'),
    apiErrorStatus: optionalNumber(line, 'api_error_status'),
    apiError: optionalText(line, 'api_error'),
    totalCostUsd: optionalNumber(line, 'total_cost_usd'),
    usage: optionalObject(line, 'usage'),
    origin: optionalText(optionalObject(line, 'origin'), 'kind'),
    prompts: texts(line, 'user_message_uuids'),
  };
}
