import { type CommandResult, type CommandStream, type Cursor, InstanceError } from '@ccb/instance-interface';

/** What a reader got of one answer. */
export interface Answer {
  readonly text: string;
  readonly cursor: Cursor | undefined;
  readonly restarted: boolean;
  /** Absent when the stream itself failed. */
  readonly result: CommandResult | undefined;
  readonly error: InstanceError | undefined;
}

/** Reads it to the end, whatever that is. `onText` is told how many characters have come. */
export async function readAnswer(stream: CommandStream, onText: (length: number) => void = () => {}): Promise<Answer> {
  let text = '';
  let restarted = false;
  const answer = (end: Pick<Answer, 'result' | 'error'>): Answer => ({
    text,
    cursor: stream.cursor,
    restarted,
    ...end,
  });
  try {
    for await (const event of stream.events()) {
      if (event.type === 'status' && event.status === 'restarted') restarted = true;
      if (event.type !== 'text' || event.stream === 'stderr') continue;
      text += event.text;
      onText(text.length);
    }
    return answer({ result: await stream.result, error: undefined });
  } catch (error) {
    if (InstanceError.is(error)) return answer({ result: undefined, error });
    throw error;
  }
}

/** Of what ended it; empty when it completed. */
export function messageOf({ result, error }: Pick<Answer, 'result' | 'error'>): string {
  return (result?.success === false ? result.error.message : error?.message) ?? '';
}

/** `completed`, or the code of what ended it. */
export function outcomeOf({ result, error }: Pick<Answer, 'result' | 'error'>): string {
  return result?.success ? 'completed' : (result?.error.code ?? error?.code ?? 'nothing');
}
