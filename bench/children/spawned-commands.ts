// What one would do without an instance: a process for each command.
import { spawn } from 'node:child_process';
import { serve, setting } from './duty.ts';
import { timeEach } from './timing.ts';

const { argv, answer } = setting<{ readonly argv: readonly [string, ...string[]]; readonly answer: string }>();
const [program, ...args] = argv;

const command = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
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
