import type { PermissionAnswer, PermissionOptionKind, PermissionPolicy, PermissionRequest } from '../../permission.ts';

/** Who decided, in the words of `permission_resolved`. */
export interface Decision {
  readonly answer: PermissionAnswer;
  readonly by: 'handler' | 'policy' | 'cancelled';
}

export interface Question {
  readonly request: PermissionRequest;
  readonly commandId: string;
  /** Aborts when the command has ended. */
  readonly signal: AbortSignal;
  /** Told of a handler that threw, or answered with something that was not offered. */
  readonly onHandlerError: (error: unknown) => void;
}

const cancelled: Decision = Object.freeze({ answer: 'cancelled', by: 'cancelled' });

/** Asks the policy or the handler. Never rejects; ends with the command. */
export async function decide(policy: PermissionPolicy, question: Question): Promise<Decision> {
  if (question.signal.aborted) return cancelled;
  if (policy === 'deny') return { answer: deny(question.request), by: 'policy' };
  if (policy === 'allow') return { answer: pick(question.request, ['allow_once', 'allow_always']), by: 'policy' };
  return new Promise((resolve) => {
    const onAbort = (): void => resolve(cancelled);
    question.signal.addEventListener('abort', onAbort, { once: true });
    askHandler(policy, question)
      .then(resolve)
      .finally(() => question.signal.removeEventListener('abort', onAbort));
  });
}

/** The option that an answer picks; undefined for `'cancelled'`. */
export function optionOf(request: PermissionRequest, answer: PermissionAnswer): string | undefined {
  if (typeof answer === 'object') return answer.optionId;
  return request.options.find((option) => option.kind === answer)?.optionId;
}

async function askHandler(
  handler: Exclude<PermissionPolicy, string>,
  { request, commandId, signal, onHandlerError }: Question,
): Promise<Decision> {
  try {
    const answer: unknown = await handler(request, { commandId, signal });
    if (isOffered(request, answer)) return { answer, by: answer === 'cancelled' ? 'cancelled' : 'handler' };
    throw new TypeError(`The permission handler answered ${JSON.stringify(answer)}, which was not offered.`);
  } catch (error) {
    if (signal.aborted) return cancelled;
    onHandlerError(error);
    return { answer: deny(request), by: 'policy' };
  }
}

function isOffered({ options }: PermissionRequest, answer: unknown): answer is PermissionAnswer {
  if (answer === 'cancelled') return true;
  if (typeof answer === 'string') return options.some((option) => option.kind === answer);
  if (typeof answer !== 'object' || answer === null || !('optionId' in answer)) return false;
  return options.some((option) => option.optionId === answer.optionId);
}

function deny(request: PermissionRequest): PermissionAnswer {
  return pick(request, ['reject_once', 'reject_always']);
}

/** The first kind that was offered. A request that offers no such thing is left unanswered. */
function pick({ options }: PermissionRequest, kinds: readonly PermissionOptionKind[]): PermissionAnswer {
  return kinds.find((kind) => options.some((option) => option.kind === kind)) ?? 'cancelled';
}
