import { failure } from '../fake-api/failure.ts';

/** How the program tells an error of the Messages API. */
export interface ApiError {
  readonly text: string;
  /** `error` of the assistant message. */
  readonly kind: string;
  /** `error` of `api_retry`; undefined: not tried again. */
  readonly retried: string | undefined;
}

/** An HTTP status that the API answered. */
export function apiError(status: number): ApiError {
  const { message } = (failure(status).body as { error: { message: string } }).error;
  switch (status) {
    case 401:
      return {
        text: `Failed to authenticate. API Error: 401 ${message}`,
        kind: 'authentication_failed',
        retried: 'authentication_failed',
      };
    case 429:
      return { text: `API Error: Request rejected (429) · ${message}`, kind: 'rate_limit', retried: 'rate_limit' };
    case 500:
      return {
        text: `API Error: 500 ${message}. This is a server-side issue, usually temporary — try again in a moment. If it persists, check ${whereToLook()}.`,
        kind: 'server_error',
        retried: 'server_error',
      };
    case 529:
      return {
        text: `API Error: Repeated 529 ${message} errors. The API is at capacity — this is usually temporary. Try again in a moment. If it persists, check ${whereToLook()}.`,
        kind: 'server_error',
        retried: 'overloaded',
      };
    default:
      return { text: `API Error: ${status} ${message}`, kind: 'unknown', retried: undefined };
  }
}

/** The connection broke. */
export const connectionReset: ApiError = {
  text: 'API Error: Unable to connect to API (ECONNRESET)',
  kind: 'server_error',
  retried: 'unknown',
};

/** What a refusal of the model is told as. */
export function refusalText(requestId: string): string {
  return `API Error: Claude Code is unable to respond to this request, which appears to violate our Usage Policy (https://www.anthropic.com/legal/aup). Try rephrasing the request in a new session or change your model.\n\nRequest ID: ${requestId}`;
}

/** How often a request is tried again. */
export function maxRetries(): number {
  const given = Number.parseInt(process.env.CLAUDE_CODE_MAX_RETRIES ?? '', 10);
  return Number.isNaN(given) ? 10 : given;
}

/** Every answer, the first and three to continue it, hit the limit of its length. */
export const tooLong: ApiError = {
  text: "API Error: Claude's response exceeded the 64000 output token maximum. To configure this behavior, set the CLAUDE_CODE_MAX_OUTPUT_TOKENS environment variable.",
  kind: 'max_output_tokens',
  retried: undefined,
};

export const notSignedIn: ApiError = {
  text: 'Not logged in · Please run /login',
  kind: 'authentication_failed',
  retried: undefined,
};

export const invalidKey: ApiError = {
  text: 'Invalid API key · Fix external API key',
  kind: 'authentication_failed',
  retried: undefined,
};

function whereToLook(): string {
  const url = process.env.ANTHROPIC_BASE_URL;
  return url === undefined ? 'status.claude.com' : `your inference gateway (${new URL(url).host})`;
}
