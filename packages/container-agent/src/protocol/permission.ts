import type { PermissionAnswer } from '@ccb/instance-interface';
import { type Fields, FrameError, fields, list, oneOf, optionalText, text } from './check.ts';
import { checkPartialToolCall } from './tool-call.ts';

const OPTION_KINDS = ['allow_once', 'allow_always', 'reject_once', 'reject_always'] as const;
const ANSWERS = [...OPTION_KINDS, 'cancelled'] as const;
/** A person reads all of them: more are no question. */
const MAX_OPTIONS = 64;
const NAME_CHARACTERS = 10_000;
const TITLE_CHARACTERS = 65_536;

/** Who decides, in the words of the contract. */
export const DECIDERS: readonly ['handler', 'policy', 'cancelled'] = ['handler', 'policy', 'cancelled'];

/** Who answers: a policy without a host, or whoever the host asks. */
export const POLICIES: readonly ['deny', 'allow', 'ask'] = ['deny', 'allow', 'ask'];

/** What may be put before a person: bounded, and each option told apart by its id. @throws {FrameError} */
export function checkPermissionRequest(request: Fields, within: string): void {
  text(request, 'requestId', 200, within);
  const toolCall = fields(request.toolCall, `${within}toolCall`);
  optionalText(toolCall, 'toolCallId', 200, `${within}toolCall.`);
  optionalText(toolCall, 'title', TITLE_CHARACTERS, `${within}toolCall.`);
  checkPartialToolCall(toolCall, `${within}toolCall.`);
  const options = list(request, 'options', within);
  if (options.length > MAX_OPTIONS) throw new FrameError(`${within}options`, `at most ${MAX_OPTIONS} options`);
  const ids = new Set<string>();
  for (const [index, entry] of options.entries()) {
    const path = `${within}options[${index}]`;
    const option = fields(entry, path);
    const id = text(option, 'optionId', 200, `${path}.`);
    if (ids.has(id)) throw new FrameError(`${path}.optionId`, 'another id than those of the options before');
    ids.add(id);
    text(option, 'name', NAME_CHARACTERS, `${path}.`);
    oneOf(option, 'kind', OPTION_KINDS, `${path}.`);
  }
}

/** A word, or the id of an option. Whether that was offered is for whoever knows the question. @throws {FrameError} */
export function permissionAnswer(frame: Fields): PermissionAnswer {
  if (typeof frame.answer === 'string') return oneOf(frame, 'answer', ANSWERS);
  return { optionId: text(fields(frame.answer, 'answer'), 'optionId', 200, 'answer.') };
}
