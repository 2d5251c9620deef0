import type { PermissionAnswer, PermissionOptionKind, PermissionPolicy, PermissionRequest } from '../../permission.ts';

/** An answer, and who decided, in the words of `permission_resolved`. */
export interface PermissionDecision {
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

const POLICY_KINDS = {
  deny: ['reject_once', 'reject_always'],
  allow: ['allow_once', 'allow_always'],
} as const satisfies Record<string, readonly PermissionOptionKind[]>;

const cancelled: PermissionDecision = Object.freeze({ answer: 'cancelled', by: 'cancelled' });

/** Asks the policy or the handler. Never rejects; ends with the command. */
export async function decide(policy: PermissionPolicy, question: Question): Promise<PermissionDecision> {
  if (question.signal.aborted) return cancelled;
  if (typeof policy === 'string') return { answer: answerByPolicy(policy, question.request), by: 'policy' };
  return new Promise((resolve) => {
    const onAbort = (): void => resolve(cancelled);
    question.signal.addEventListener('abort', onAbort, { once: true });
    askHandler(policy, question)
      .then(resolve)
      .finally(() => question.signal.removeEventListener('abort', onAbort));
  });
}

/** What a policy says without asking anybody: once, where that was offered. `'cancelled'` where nothing of the kind was. */
export function answerByPolicy(policy: 'deny' | 'allow', { options }: PermissionRequest): PermissionAnswer {
  const offered = (kind: PermissionOptionKind): boolean => options.some((option) => option.kind === kind);
  return POLICY_KINDS[policy].find(offered) ?? 'cancelled';
}

/** The option that an answer picks; undefined for `'cancelled'`. */
export function optionOf(request: PermissionRequest, answer: PermissionAnswer): string | undefined {
  if (typeof answer === 'object') return answer.optionId;
  return request.options.find((option) => option.kind === answer)?.optionId;
}

/** `'cancelled'` always is: nobody has to answer. */
export function isOffered({ options }: PermissionRequest, answer: unknown): answer is PermissionAnswer {
  if (answer === 'cancelled') return true;
  if (typeof answer === 'string') return options.some((option) => option.kind === answer);
  if (typeof answer !== 'object' || answer === null || !('optionId' in answer)) return false;
  return options.some((option) => option.optionId === answer.optionId);
}

async function askHandler(
  handler: Exclude<PermissionPolicy, string>,
  { request, commandId, signal, onHandlerError }: Question,
): Promise<PermissionDecision> {
  try {
    const answer: unknown = await handler(request, { commandId, signal });
    if (isOffered(request, answer)) return { answer, by: answer === 'cancelled' ? 'cancelled' : 'handler' };
    throw new TypeError(`The permission handler answered ${JSON.stringify(answer)}, which was not offered.`);
  } catch (error) {
    if (signal.aborted) return cancelled;
    onHandlerError(error);
    return { answer: answerByPolicy('deny', request), by: 'policy' };
  }
}
