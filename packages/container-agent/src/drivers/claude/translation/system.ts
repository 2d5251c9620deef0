import { type Json, optionalNumber, optionalText, text, texts } from './json.ts';

/** At the begin of every turn. */
export interface InitMessage {
  readonly type: 'init';
  /** Changes within a process: `/clear` begins a new session. */
  readonly sessionId: string;
  readonly version?: string | undefined;
  readonly model?: string | undefined;
  readonly tools: readonly string[];
}

/** The API did not serve; the program tries again. */
export interface ApiRetryMessage {
  readonly type: 'api_retry';
  readonly attempt: number;
  readonly maxRetries?: number | undefined;
  readonly delayMs?: number | undefined;
  /** HTTP; absent where no answer came. */
  readonly status?: number | undefined;
  /** The program's word for it: `overloaded`, `rate_limit`, `server_error`. */
  readonly reason?: string | undefined;
}

/** Every other `system` message: `status`, `compact_boundary`, `task_started` … */
export interface SystemMessage {
  readonly type: 'system';
  readonly subtype: string;
  readonly fields: Json;
}

export function parseSystem(line: Json): InitMessage | ApiRetryMessage | SystemMessage {
  const subtype = text(line, 'subtype');
  switch (subtype) {
    case 'init':
      return {
        type: 'init',
        sessionId: text(line, 'session_id'),
        version: optionalText(line, 'claude_code_version'),
        model: optionalText(line, 'model'),
        tools: texts(line, 'tools'),
      };
    case 'api_retry':
      return {
        type: 'api_retry',
        attempt: optionalNumber(line, 'attempt') ?? 1,
        maxRetries: optionalNumber(line, 'max_retries'),
        delayMs: optionalNumber(line, 'retry_delay_ms'),
        status: optionalNumber(line, 'error_status'),
        reason: optionalText(line, 'error'),
      };
    default:
      return { type: 'system', subtype, fields: line };
  }
}
