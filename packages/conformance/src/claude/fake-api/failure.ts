const types: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
  500: 'api_error',
  529: 'overloaded_error',
};

const messages: Readonly<Record<number, string>> = {
  400: 'The prompt asked for this error.',
  401: 'invalid x-api-key',
  404: 'Not found',
  429: 'This request would exceed your rate limit. Please try again later.',
  500: 'Internal server error',
  529: 'Overloaded',
};

export interface Failure {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** An error as the API gives it. A rate limit says when to come back (in 1 s); no other error does. */
export function failure(status: number, message?: string): Failure {
  return {
    status,
    headers: {
      'x-should-retry': String(status === 429 || status >= 500),
      ...(status === 429 ? { 'retry-after': '1' } : {}),
    },
    body: {
      type: 'error',
      error: { type: types[status] ?? 'api_error', message: message ?? messages[status] ?? `HTTP ${status}` },
    },
  };
}
