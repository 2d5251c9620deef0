export type { Answer, AnswerPosition } from './abstract/answer.ts';
export type { Call, Command } from './abstract/call.ts';
export { AbstractInstance, type AbstractInstanceOptions } from './abstract/instance.ts';
export { createAnswer, resumeAnswer, type StandaloneAnswer, type StandaloneEvents } from './abstract/standalone.ts';
export type { RunEnd } from './command.ts';
