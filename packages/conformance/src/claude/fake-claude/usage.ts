/** What requests cost. */
export interface Tokens {
  readonly input: number;
  readonly output: number;
}

export const noTokens: Tokens = { input: 0, output: 0 };

export function addTokens(one: Tokens, other: Tokens): Tokens {
  return { input: one.input + other.input, output: one.output + other.output };
}

/** US dollars, at 5 and 25 for a million tokens in and out. */
export function costOf(tokens: Tokens): number {
  return (tokens.input * 5 + tokens.output * 25) / 1_000_000;
}

/** The `usage` of a message on its way. */
export function requestUsage(tokens: Tokens): object {
  return {
    input_tokens: tokens.input,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: tokens.output,
  };
}

/** The `usage` of a result and of a message in a transcript. */
export function wholeUsage(tokens: Tokens): object {
  return {
    ...requestUsage(tokens),
    server_tool_use: { web_search_requests: 0, web_fetch_requests: 0 },
    service_tier: 'standard',
    cache_creation: { ephemeral_1h_input_tokens: 0, ephemeral_5m_input_tokens: 0 },
    inference_geo: '',
    iterations: [],
    speed: 'standard',
  };
}

/** The `modelUsage` of a result: all of the process so far. */
export function modelUsage(model: string, tokens: Tokens): object {
  if (tokens.input === 0) return {};
  return {
    [model]: {
      inputTokens: tokens.input,
      outputTokens: tokens.output,
      cacheReadInputTokens: 0,
      cacheCreationInputTokens: 0,
      webSearchRequests: 0,
      costUSD: costOf(tokens),
      contextWindow: 1_000_000,
      maxOutputTokens: 64_000,
    },
  };
}
