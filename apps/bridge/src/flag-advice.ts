const SIGN_IN =
  'With ccb, when the instance is made: --env ANTHROPIC_API_KEY, --env CLAUDE_CODE_OAUTH_TOKEN (from "claude setup-token"), or, not in docker, --login person.';
const EXECUTABLE = 'With ccb: --env CLAUDE_CODE_EXECUTABLE=PATH; in docker: an --image that has it.';

/** What a library advises in general, as options of ccb; nothing where its own words will do. */
export function flagAdvice(code: string | undefined, message: string): string | undefined {
  if (code === 'CCB_SIGN_IN') return SIGN_IN;
  if (code === 'CCB_INVALID_STATE' && message.includes('remove it with force')) return 'With ccb: ccb rm -f.';
  if (message.includes('set CLAUDE_CODE_EXECUTABLE')) return EXECUTABLE;
  const [, owner] = /name its owner: user: '([\d:]+)'/.exec(message) ?? [];
  return owner === undefined ? undefined : `With ccb: --user ${owner}, or --workspace DIR.`;
}
