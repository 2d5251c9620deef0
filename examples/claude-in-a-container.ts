// Claude Code in a container, streamed to the terminal, permissions asked. `ccb image build` makes its image.
// ANTHROPIC_API_KEY=… node claude-in-a-container.ts [TEXT] [IMAGE]
import { createInterface } from 'node:readline/promises';
import { DockerContainer } from '@ccb/docker-instance';

const [text = 'Summarise README.md', image = 'ccb/claude'] = process.argv.slice(2);
const names = ['ANTHROPIC_API_KEY', 'ANTHROPIC_BASE_URL', 'CLAUDE_CODE_EXECUTABLE'];
const env = Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
const terminal = createInterface({ input: process.stdin, output: process.stderr });
await using claude = await DockerContainer.create({
  name: `demo-${process.pid}`,
  image,
  program: 'claude',
  workspace: process.cwd(),
  env,
  permission: async ({ toolCall }, { signal }) =>
    (await terminal.question(`${toolCall.title}? [y/N] `, { signal })) === 'y' ? 'allow_once' : 'reject_once',
});
const answer = claude.sendCommand(text);
for await (const words of answer) process.stdout.write(words);
const result = await answer.result;
if (!result.success) console.error(result.error.message);
terminal.close();
