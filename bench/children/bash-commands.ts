// What one would do without an instance: a bash for each command.
import { spawn } from 'node:child_process';
import { serve, setting } from './duty.ts';
import { timeEach } from './timing.ts';

const { text, answer } = setting<{ readonly text: string; readonly answer: string }>();

const command = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', text], { stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      output += piece;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0 && output === answer) resolve();
      else reject(new Error(`Not the answer: ${JSON.stringify(output)} (exit ${code})`));
    });
  });

serve((count: number) => timeEach(count, command));
