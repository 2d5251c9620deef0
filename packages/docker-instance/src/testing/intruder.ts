import type { DockerContainer } from '../docker-container.ts';

/**
 * Runs Node code in the container of an instance, as the user that its program is: what it can do, the program can. It has
 * `fs`, `args`, and `say(fifo, bytes)`, which writes all of them to a FIFO.
 * @returns what it printed @throws what it threw
 */
export async function intrude(instance: DockerContainer, code: string, ...args: readonly string[]): Promise<string> {
  const argv: [string, ...string[]] = ['node', '-e', `${PRELUDE}\n${code}`, ...args];
  const { exitCode, stdout, stderr } = await instance.exec(argv);
  if (exitCode !== 0) throw new Error(`the intruder failed (exit ${exitCode}): ${stderr}`);
  return stdout;
}

const PRELUDE = `
const fs = require('fs');
const args = process.argv.slice(1);
function say(fifo, bytes) {
  const fd = fs.openSync('/ccb/pipes/' + fifo, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
  const all = Buffer.from(bytes);
  const until = Date.now() + 10_000;
  for (let at = 0; at < all.length; ) {
    try {
      at += fs.writeSync(fd, all, at, Math.min(65_536, all.length - at));
    } catch (error) {
      if (error.code !== 'EAGAIN' || Date.now() > until) throw error;
    }
  }
}
`;
