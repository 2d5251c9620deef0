export interface FakeApiEnvironmentOptions {
  /** How often Claude Code asks again after an error that may pass; without it, as often as it likes: 10 times. */
  readonly maxRetries?: number | undefined;
}

/** The variables with which Claude Code talks to the fake API at `url` and tries to reach nothing else. */
export function fakeApiEnvironment(url: string, options: FakeApiEnvironmentOptions = {}): Record<string, string> {
  const { maxRetries } = options;
  return {
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: 'test-key',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_TELEMETRY: '1',
    DISABLE_ERROR_REPORTING: '1',
    DISABLE_AUTOUPDATER: '1',
    ...(maxRetries === undefined ? {} : { CLAUDE_CODE_MAX_RETRIES: String(maxRetries) }),
  };
}
