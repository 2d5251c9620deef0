import type { Socket } from 'node:net';

/** What a connection to the agent's socket is for; its first line says so, before the channel's own bytes. */
export type Purpose = 'hold' | 'observe';

/** ms that a connection has to say it. */
const SAY_MS = 5_000;
const MAX_BYTES = 'observe\n'.length;

/** Tells the purpose once; undefined: it said something else, said nothing in time, or went. What follows the line is left to be read. */
export function readPurpose(socket: Socket, told: (purpose: Purpose | undefined) => void): void {
  let said = '';
  const timer = setTimeout(() => end(undefined), SAY_MS);
  const gone = (): void => end(undefined);
  const heard = (bytes: Buffer): void => {
    const head = (said + bytes.toString('latin1')).slice(0, MAX_BYTES);
    const length = head.indexOf('\n');
    if (length < 0) {
      said = head;
      if (said.length === MAX_BYTES) end(undefined);
      return;
    }
    const rest = bytes.subarray(length + 1 - said.length);
    socket.pause();
    if (rest.length > 0) socket.unshift(rest);
    const word = head.slice(0, length);
    end(word === 'hold' || word === 'observe' ? word : undefined);
    socket.resume();
  };
  socket.on('data', heard).once('close', gone);

  function end(purpose: Purpose | undefined): void {
    clearTimeout(timer);
    socket.off('data', heard).off('close', gone);
    told(purpose);
  }
}
