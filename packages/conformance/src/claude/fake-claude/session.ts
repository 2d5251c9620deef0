import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Fault } from './faults.ts';
import * as messages from './messages.ts';
import type { Output } from './output.ts';
import type { Permissions } from './permissions.ts';
import { Tasks } from './tasks.ts';
import { toolNames } from './tools.ts';
import { projectDirectory, Transcript } from './transcript.ts';
import { noTokens, type Tokens } from './usage.ts';

/** What lives as long as the process. */
export class Session {
  readonly output: Output;
  readonly cwd: string;
  readonly permissions: Permissions;
  readonly partialMessages: boolean;
  readonly replays: boolean;
  /** May somebody be asked for a permission? */
  readonly asks: boolean;
  /** The process's own. What is added stays. */
  readonly faults: Set<Fault>;
  readonly tasks: Tasks = new Tasks();
  readonly model: string;
  transcript: Transcript;
  /** All of the process so far. */
  tokens: Tokens = noTokens;
  requests = 0;
  /** The last result was an error: so is the exit code. */
  failed = false;

  constructor(of: {
    readonly output: Output;
    readonly cwd: string;
    readonly permissions: Permissions;
    readonly partialMessages: boolean;
    readonly replays: boolean;
    readonly asks: boolean;
    readonly faults: Set<Fault>;
    readonly model: string;
    readonly id: string;
  }) {
    this.output = of.output;
    this.cwd = of.cwd;
    this.permissions = of.permissions;
    this.partialMessages = of.partialMessages;
    this.replays = of.replays;
    this.asks = of.asks;
    this.faults = of.faults;
    this.model = of.model;
    this.transcript = new Transcript(of.cwd, of.id);
  }

  get id(): string {
    return this.transcript.sessionId;
  }

  /** A new conversation, with a new id. */
  clear(): void {
    this.transcript.close();
    this.transcript = new Transcript(this.cwd, randomUUID());
  }

  sayInit(): void {
    const { id, cwd, model } = this;
    this.output.line(
      messages.init({
        id,
        cwd,
        model,
        permissionMode: this.permissions.mode,
        tools: toolNames(),
        memory: `${join(projectDirectory(cwd), 'memory')}/`,
      }),
    );
  }

  saySystem(subtype: string, fields: object): void {
    this.output.line(messages.system(this.id, subtype, fields));
  }
}
