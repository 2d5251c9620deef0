import { execFile } from 'node:child_process';

/** How a terminal treats keys. */
export interface TerminalModes {
  /** Line by line, as for a command that runs; a line editor takes each key (`-icanon`). */
  readonly usual: boolean;
  /** The kernel stops and starts the output at Ctrl-S and Ctrl-Q (`ixon`). */
  readonly flowControl: boolean;
}

const askMs = 5_000;

/** @param terminal a device. One that cannot be asked is taken for usual, and for one without flow control. */
export function terminalModes(terminal: string): Promise<TerminalModes> {
  return new Promise((resolve) => {
    const env = { PATH: process.env.PATH };
    execFile('stty', ['-F', terminal, '-a'], { timeout: askMs, env }, (error, stdout) =>
      resolve({
        usual: error !== null || !/(^|\s)-icanon\b/m.test(stdout),
        flowControl: error === null && /(^|\s)ixon\b/m.test(stdout),
      }),
    );
  });
}
