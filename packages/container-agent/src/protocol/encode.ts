import type { CommandResult } from '@ccb/instance-interface';
import type { AgentFrame, JournalFrame } from './frames.ts';

// The journal finds seq and type in a line's head without parsing it: the order of these keys is part of the format.
export function lineHead(type: JournalFrame['type'], seq: number, id: string, at: string): string {
  return `{"type":"${type}","seq":${seq},"id":${JSON.stringify(id)},"at":"${at}",`;
}

export function encodeBegin(seq: number, id: string, at: string, digest: string, text: string): Buffer {
  return Buffer.from(`${lineHead('begin', seq, id, at)}"digest":"${digest}","text":${JSON.stringify(text)}}\n`);
}

/** One piece as it is, however long: output that was no UTF-8, with its bytes. */
export function encodePiece(
  seq: number,
  id: string,
  at: string,
  piece: {
    readonly text: string;
    readonly stream: 'stdout' | 'stderr';
    readonly bytes?: string | undefined;
    readonly late: boolean;
  },
): Buffer {
  // stdout is the default of the contract: left out, it saves bytes on every line.
  const stream = piece.stream === 'stderr' ? ',"stream":"stderr"' : '';
  const bytes = piece.bytes === undefined ? '' : `,"bytes":"${piece.bytes}"`;
  const late = piece.late ? ',"late":true' : '';
  return Buffer.from(
    `${lineHead('event', seq, id, at)}"event":{"type":"text","text":${JSON.stringify(piece.text)}${stream}${bytes}${late}}}\n`,
  );
}

export function encodeUpdate(seq: number, id: string, at: string, update: object): Buffer {
  return Buffer.from(`${lineHead('event', seq, id, at)}"event":${JSON.stringify(update)}}\n`);
}

export function encodeEnd(seq: number, id: string, at: string, result: CommandResult): Buffer {
  return Buffer.from(`${lineHead('end', seq, id, at)}"result":${JSON.stringify(result)}}\n`);
}

export function encodeControl(frame: Exclude<AgentFrame, JournalFrame>): Buffer {
  return Buffer.from(`${JSON.stringify(frame)}\n`);
}
