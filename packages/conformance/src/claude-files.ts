/** A scripted `claude`: an executable file that needs Node 18 or later on PATH. For `CLAUDE_CODE_EXECUTABLE`. */
export const fakeClaudeFile: URL = new URL('../dist/fake-claude.cjs', import.meta.url);
/** The fake Messages API as a program of its own. */
export const fakeApiFile: URL = new URL('../dist/fake-api.cjs', import.meta.url);
