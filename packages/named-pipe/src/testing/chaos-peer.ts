/** One end of a channel under fire: `chaos-peer.ts listen|connect PATH`, told what to do over its parent's IPC. */
import { type ChannelLogEntry, NamedPipeChannel } from '../index.ts';

interface Letter {
  readonly from: string;
  readonly to: string;
  readonly seq: number;
  readonly pad?: string;
  readonly answer?: boolean;
}

export type PeerReport =
  | { readonly type: 'ready' }
  | { readonly type: 'up'; readonly own: string; readonly peer: string }
  | { readonly type: 'down'; readonly reason: string }
  | { readonly type: 'violation'; readonly what: string }
  | { readonly type: 'done'; readonly delivered: number };

const [role, path] = process.argv.slice(2) as ['listen' | 'connect', string];
const report = (message: PeerReport): void => void process.send?.(message);

let own = '';
let peer = '';
let sent = 0;
let expected = 0;
let delivered = 0;

const log = (entry: ChannelLogEntry): void => {
  if (entry.event !== 'pipe.up') return;
  own = String(entry.epoch);
  peer = String(entry.peer);
  sent = 0;
  expected = 0;
};
const options = { log, keep: true, lazy: true };
const channel = await NamedPipeChannel[role]<Letter, Letter>(path, options);

const send = (pad?: string, answer?: boolean): void => {
  if (!channel.isUp) return;
  void channel.send({ from: own, to: peer, seq: sent++, ...(pad && { pad }), ...(answer && { answer }) });
};
channel.on('up', () => report({ type: 'up', own, peer }));
channel.on('down', (reason) => report({ type: 'down', reason }));
channel.on('invalid', (error) => report({ type: 'violation', what: `invalid: ${error.message}` }));
channel.subscribe((letter) => {
  delivered++;
  if (letter.to !== own) report({ type: 'violation', what: 'a line for an earlier life was delivered' });
  if (letter.from !== peer) report({ type: 'violation', what: 'a line of an earlier peer was delivered' });
  if (letter.seq !== expected) report({ type: 'violation', what: `line ${letter.seq} came where ${expected} was due` });
  expected = letter.seq + 1;
  if (!letter.answer) send(undefined, true);
});
// More than a pipe holds, so that a kill leaves a torn line and stale ones behind.
process.on('message', (bursts: number) => {
  for (let i = 0; i < bursts; i++) send('x'.repeat(i % 8 === 7 ? 200_000 : 3_000));
  setImmediate(() => {
    report({ type: 'done', delivered });
    delivered = 0;
  });
});
report({ type: 'ready' });
