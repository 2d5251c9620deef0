import type { Readable } from 'node:stream';
import { type CallOptions, InstanceError } from '@ccb/instance-interface';
import { anySignal } from '@ccb/instance-interface/abstract';
import type { ImageProgress } from './engine.ts';
import { refused, unreadable } from './errors.ts';
import { Fields } from './fields.ts';
import type { Request, Wire } from './wire.ts';

const OVERALL_MS = 600_000;
const MAX_LINE_CHARACTERS = 1024 * 1024;

export interface Patience {
  /** Ends a work of which nothing was heard for so long, ms. */
  readonly quietMs: number;
  /** Calls back when there was progress on our side of the wire. */
  readonly onUpload?: ((progressed: () => void) => void) | undefined;
}

/** Follows a work that tells its progress in lines of JSON; its failure is one of these lines, after HTTP said 200. */
export async function followProgress(
  wire: Wire,
  request: Request,
  progress: ImageProgress | undefined,
  patience: Patience,
  call: CallOptions = {},
): Promise<void> {
  const quiet = new AbortController();
  const timer = setTimeout(() => quiet.abort(tooQuiet(wire, request, patience.quietMs)), patience.quietMs);
  patience.onUpload?.(() => timer.refresh());
  const signal = anySignal(call.signal, quiet.signal);
  try {
    await wire.bounded(request, { timeoutMs: call.timeoutMs ?? OVERALL_MS, signal }, (ending) =>
      wire.read(request, ending, async (answer) => {
        for await (const line of jsonLines(answer, wire, request)) {
          timer.refresh();
          const failure = line.text('error') || line.in('errorDetail').text('message');
          if (failure !== '') throw refused(failureStatus(failure), failure, request, wire.address);
          for (const words of wordsOf(line)) progress?.(words);
        }
      }),
    );
  } finally {
    clearTimeout(timer);
  }
}

async function* jsonLines(answer: Readable, wire: Wire, request: Request): AsyncGenerator<Fields> {
  answer.setEncoding('utf8');
  let rest = '';
  for await (const chunk of answer as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE_CHARACTERS) throw unreadable('a line without an end', request, wire.address);
    for (const line of lines) if (line.trim() !== '') yield fieldsOf(line, wire, request);
  }
  if (rest.trim() !== '') yield fieldsOf(rest, wire, request);
}

function fieldsOf(line: string, wire: Wire, request: Request): Fields {
  return new Fields(wire.parse({ status: 200, text: line }, request));
}

function wordsOf(line: Fields): readonly string[] {
  const said = line.text('stream').split('\n');
  const status = [line.text('id'), line.text('status')].filter((part) => part !== '').join(': ');
  return [...said, [status, line.text('progress')].join(' ')].map((words) => words.trimEnd()).filter(Boolean);
}

/** In the middle of an answer there is no status any more. */
function failureStatus(words: string): number {
  return /not found|does not exist|manifest unknown|access denied/i.test(words) ? 404 : 500;
}

function tooQuiet(wire: Wire, request: Request, quietMs: number): InstanceError {
  const message = `The engine at ${wire.address} was asked to ${request.doing} and made no progress for ${quietMs / 1000} s. Is its network down?`;
  return new InstanceError('CCB_TIMEOUT', message, { retryable: true });
}
