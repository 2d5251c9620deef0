import { InstanceError } from '@ccb/instance-interface';
import type { RunEnd } from '@ccb/instance-interface/abstract';
import { AnswerBuffer } from '../answer-buffer.ts';
import { EchoRemoval } from './echo-removal.ts';

/** One line that was typed, and what follows it. */
export class LineTurn {
  readonly output: AnswerBuffer;
  readonly echo: EchoRemoval;
  /** As the program marked it. */
  status: number | undefined;
  #end: RunEnd | undefined;

  constructor(text: string, limitBytes: number, onOverflow: (error: InstanceError) => void) {
    this.echo = new EchoRemoval(text);
    this.output = new AnswerBuffer(
      limitBytes,
      () => {
        const message = `more than ${limitBytes / 1024 / 1024} MiB of output are unread, and the program cannot be told to wait. Read faster.`;
        onOverflow(new InstanceError('CCB_OUTPUT_LIMIT', message));
      },
      () => {},
    );
  }

  get end(): RunEnd | undefined {
    return this.#end;
  }

  finish(end: RunEnd): void {
    this.#end ??= end;
    this.output.end();
  }

  fail(error: Error): void {
    this.output.end(error);
  }
}
