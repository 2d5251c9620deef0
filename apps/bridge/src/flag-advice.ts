const SIGN_IN =
  'With ccb: --env ANTHROPIC_API_KEY, --env CLAUDE_CODE_OAUTH_TOKEN (from "claude setup-token"), or --login person, when the instance is made.';
const EXECUTABLE = 'With ccb: --env CLAUDE_CODE_EXECUTABLE=PATH.';

/** What a library advises in general, as options of ccb; nothing where its own words will do. */
export function flagAdvice(code: string | undefined, message: string): string | undefined {
  if (code === 'CCB_SIGN_IN') return SIGN_IN;
  return message.includes('set CLAUDE_CODE_EXECUTABLE') ? EXECUTABLE : undefined;
}
