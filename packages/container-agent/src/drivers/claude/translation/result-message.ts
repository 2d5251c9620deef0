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
  readonly costUsd?: number | undefined;
  readonly usage: Json;
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
    costUsd: optionalNumber(line, 'total_cost_usd'),
    usage: optionalObject(line, 'usage'),
  };
}
