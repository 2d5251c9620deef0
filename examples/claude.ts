// Claude Code as a local process, streamed to the terminal, permissions asked. ANTHROPIC_API_KEY=… node claude.ts TEXT
import { createInterface } from 'node:readline/promises';
import { ProcessInstance } from '@ccb/process-instance';

const names = ['ANTHROPIC_API_KEY', 'ANTHROPIC_BASE_URL', 'CLAUDE_CODE_EXECUTABLE'];
const env = Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
const terminal = createInterface({ input: process.stdin, output: process.stderr });
await using claude = await ProcessInstance.create({
  name: `demo-${process.pid}`,
  program: 'claude',
  workspace: process.cwd(),
  env,
  permission: async ({ toolCall }, { signal }) =>
    (await terminal.question(`${toolCall.title}? [y/N] `, { signal })) === 'y' ? 'allow_once' : 'reject_once',
});
const answer = claude.sendCommand(process.argv[2] ?? 'Summarise README.md');
for await (const text of answer) process.stdout.write(text);
const result = await answer.result;
if (!result.success) console.error(result.error.message);
terminal.close();
