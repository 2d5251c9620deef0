import { afterAll, expect, test } from 'vitest';
import { Sandbox } from '../testing/sandbox.ts';
import { TerminalScreen } from './terminal-screen.ts';

const sandbox = new Sandbox();
afterAll(() => sandbox[Symbol.asyncDispose]());

test.each([
  ['plain lines', 'one\\r\\ntwo\\r\\n> '],
  ['colours', '\\033[31mred\\033[0m and \\033[1mbold\\033[0m'],
  ['wide and joined characters', '世界 😀 e\\0314\\0201 한국어'],
  ['moves of the cursor', 'abc\\033[2Dx\\033[3;7Hthere\\033[1;1Hhome'],
  ['a line over the edge', 'x%.0s'],
  ['the other screen', 'left\\033[?1049hthere\\033[?1049l back'],
  ['a bar that goes on', '10%%\\r50%%\\r\\033[K100%%'],
])('%s are shown as tmux shows them', async (_, drawn) => {
  const repeat = drawn.includes('%.0s') ? ' $(seq 250)' : '';
  const argv = ['/bin/sh', '-c', `printf '\\033[2J\\033[H'; printf '${drawn}'${repeat}; exec cat`] as const;
  const bytes: Buffer[] = [];
  const spy = {
    name: 'spy',
    inferred: false,
    feed(chunk: Uint8Array) {
      bytes.push(Buffer.from(chunk));
      return chunk.length > 0 ? { success: true } : undefined;
    },
  };
  await using instance = await sandbox.create(`screen-${bytes.length}`, { argv, completion: [spy] });
  await instance.start();
  const ours = await TerminalScreen.create(200, 50);
  await expect
    .poll(async () => {
      for (const chunk of bytes.splice(0)) await ours.write(chunk);
      return ours.text;
    })
    .toBe((await instance.screen()).replace(/\n+$/, '\n'));
  ours.dispose();
});
