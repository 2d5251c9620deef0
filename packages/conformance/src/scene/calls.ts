import type { Capabilities, InstanceInterface } from '@ccb/instance-interface';
import type { Commands } from '../commands.ts';
import { collect } from './reading.ts';

/** One public method, and what comes of it by state: a value, or the code of its error. An absent state: it moves from there. */
export interface PublicCall {
  readonly name: string;
  /** Without it a handle that is not closed refuses with CCB_NOT_SUPPORTED. */
  readonly needs?: keyof Capabilities;
  make(instance: InstanceInterface, commands: Commands): Promise<unknown>;
  readonly stopped?: unknown;
  readonly running?: unknown;
  readonly closed?: unknown;
}

/** The public methods that leave the instance in the state that it is in. */
export const calls: readonly PublicCall[] = [
  {
    name: 'isRunning()',
    make: (instance) => instance.isRunning(),
    stopped: false,
    running: true,
    closed: false,
  },
  {
    name: 'getInfo()',
    make: async (instance) => (await instance.getInfo()).state,
    stopped: 'stopped',
    running: 'running',
    closed: 'closed',
  },
  {
    name: 'start()',
    make: (instance) => instance.start(),
    running: undefined,
    closed: 'CCB_CLOSED',
  },
  {
    name: 'stop()',
    make: (instance) => instance.stop(),
    stopped: undefined,
    closed: 'CCB_CLOSED',
  },
  {
    name: 'interrupt()',
    needs: 'interrupt',
    make: (instance) => instance.interrupt(),
    stopped: false,
    running: false,
    closed: 'CCB_CLOSED',
  },
  {
    name: 'sendCommand()',
    make: async (instance, commands) => (await instance.sendCommand(commands.echo('sent')).result).status,
    running: 'completed',
    closed: 'CCB_CLOSED',
  },
  {
    name: 'sendCommandAndWait()',
    make: async (instance, commands) => (await instance.sendCommandAndWait(commands.echo('sent'))).output,
    running: 'sent',
    closed: 'CCB_CLOSED',
  },
  {
    name: 'resumeCommand() of an unknown one',
    needs: 'resume',
    make: (instance) => collect(instance.resumeCommand('unknown').events()),
    running: 'CCB_NOT_FOUND',
    closed: 'CCB_CLOSED',
  },
  {
    name: 'history()',
    needs: 'history',
    make: async (instance) => (await collect(instance.history())).length > 0,
    running: true,
    closed: 'CCB_CLOSED',
  },
];
