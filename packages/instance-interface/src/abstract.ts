export type { Answer, AnswerPosition } from './abstract/answer/answer.ts';
export { anySignal } from './abstract/any-signal.ts';
export type { Call, Command } from './abstract/call.ts';
export { answerByPolicy, isOffered, optionOf, type PermissionDecision } from './abstract/commands/permission.ts';
export {
  createAnswer,
  resumeAnswer,
  type StandaloneAnswer,
  type StandaloneEvents,
} from './abstract/commands/standalone.ts';
export { AbstractInstance, type AbstractInstanceOptions } from './abstract/instance.ts';
export type { RunEnd } from './command.ts';
