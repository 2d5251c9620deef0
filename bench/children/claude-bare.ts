// Turns of Claude Code as its documentation says to drive it: over its pipes, one JSON text a line, and nothing between.

import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { ClaudeSetting, ClaudeTurn } from '../claude.ts';
import { serve, setting } from './duty.ts';

interface Line {
  readonly type: string;
  readonly event?: { readonly delta?: { readonly type: string; readonly text?: string } };
}

const { home, workspace, env } = setting<ClaudeSetting>();
mkdirSync(home, { recursive: true });
const { CLAUDE_CODE_EXECUTABLE: executable = 'claude' } = env;
const flags = ['-p', '--input-format', 'stream-json', '--output-format', 'stream-json', '--verbose'];
const claude = spawn(executable, [...flags, '--include-partial-messages', '--permission-prompt-tool', 'stdio'], {
  cwd: workspace,
  env: { PATH: process.env.PATH, HOME: home, TERM: 'dumb', ...env },
  stdio: ['pipe', 'pipe', 'inherit'],
});
let heard: (line: Line) => void = () => {};
createInterface({ input: claude.stdout }).on('line', (line) => heard(JSON.parse(line) as Line));

await new Promise<void>((resolve) => {
  heard = ({ type }) => type === 'control_response' && resolve();
  tell({ type: 'control_request', request_id: 'init', request: { subtype: 'initialize' } });
});

serve(
  (text: string): Promise<ClaudeTurn> =>
    new Promise((resolve) => {
      const before = performance.now();
      let firstMs = 0;
      let answer = '';
      heard = ({ type, event }) => {
        if (type === 'stream_event' && event?.delta?.type === 'text_delta') {
          firstMs ||= performance.now() - before;
          answer += event.delta.text ?? '';
        } else if (type === 'result') resolve({ firstMs, totalMs: performance.now() - before, answer });
      };
      tell({ type: 'user', message: { role: 'user', content: text } });
    }),
  () => void claude.stdin.end(),
);

function tell(line: object): void {
  claude.stdin.write(`${JSON.stringify(line)}\n`);
}
