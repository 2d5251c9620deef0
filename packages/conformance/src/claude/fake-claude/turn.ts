import { setTimeout as sleep } from 'node:timers/promises';
import { decideReply, type MessageReply, type Reply } from '../fake-api/reply.ts';
import {
  type ApiError,
  apiError,
  connectionReset,
  invalidKey,
  maxRetries,
  notSignedIn,
  refusalText,
  tooLong,
} from './api-error.ts';
import { type Fault, splitFaults } from './faults.ts';
import * as messages from './messages.ts';
import { makeNoise, midText } from './mishap.ts';
import { Request, type Requested, type Used } from './request.ts';
import { type Ending, result } from './result.ts';
import type { Session } from './session.ts';
import { slashCommand } from './slash-command.ts';
import { type Ask, rejection } from './tool-use.ts';
import { toolNames } from './tools.ts';
import { addTokens, noTokens, type Tokens } from './usage.ts';

const retryDelayMs = 20;

/** A prompt, merged from one or more messages, and all that it sets off, up to the result. */
export class Turn {
  readonly faults: ReadonlySet<Fault>;
  readonly #session: Session;
  readonly #text: string;
  readonly #prompt: string;
  readonly #uuid: string | undefined;
  readonly #ask: Ask;
  /** Takes the messages that came meanwhile. */
  readonly #takeWaiting: () => readonly string[];
  readonly #abort = new AbortController();
  readonly #startedAt: number = performance.now();
  readonly #denials: object[] = [];
  /** 1, and 1 for each message that was put in for the user. */
  #turns = 1;
  #tokens: Tokens = noTokens;
  #textSeen = false;

  constructor(
    session: Session,
    message: { readonly text: string; readonly uuid: string | undefined },
    ask: Ask,
    takeWaiting: () => readonly string[],
  ) {
    const { faults, prompt } = splitFaults(message.text);
    if (faults.has('hangs-on-exit')) session.faults.add('hangs-on-exit');
    this.faults = new Set([...session.faults, ...faults]);
    this.#session = session;
    this.#text = message.text;
    this.#prompt = prompt;
    this.#uuid = message.uuid;
    this.#ask = ask;
    this.#takeWaiting = takeWaiting;
  }

  interrupt(): void {
    this.#abort.abort();
  }

  async run(): Promise<void> {
    const { output } = this.#session;
    output.split = this.faults.has('split-writes');
    if (this.faults.has('stderr-noise')) makeNoise();
    const said = slashCommand(this.#prompt, this.#session);
    const ending = said === undefined ? await this.#converse() : this.#command(said);
    await this.#end(ending);
    await output.flushed();
    output.split = this.#session.faults.has('split-writes');
  }

  #repeat(): void {
    const { output, id, replays } = this.#session;
    if (!replays || this.#uuid === undefined) return;
    const message = { role: 'user', content: this.#text };
    output.line(messages.user(id, [], { message, uuid: this.#uuid, isReplay: true }));
  }

  #command(said: string): Ending {
    const { output, id } = this.#session;
    this.#session.sayInit();
    output.line(messages.synthetic(id, messages.syntheticMessage(said === '' ? '(no content)' : said)));
    return { type: 'command', text: said };
  }

  async #converse(): Promise<Ending> {
    const session = this.#session;
    const earlier = [...session.transcript.prompts];
    session.sayInit();
    this.#repeat();
    session.transcript.prompt(this.#text, session.permissions.mode, this.#uuid);
    try {
      this.#abort.signal.throwIfAborted();
      if (this.faults.has('not-signed-in')) return this.#failed(notSignedIn, null);
      if (this.faults.has('invalid-api-key')) return this.#failed(invalidKey, 401);
      return await this.#answer(earlier);
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
      return this.#interrupted('streaming');
    }
  }

  async #answer(earlier: readonly string[]): Promise<Ending> {
    let errors = 0;
    let continuations = 0;
    const results: { tool: string; text: string; failed: boolean }[] = [];
    const decide = (): Reply => {
      const prompts = [...earlier, this.#prompt];
      const continued = continuations > 0;
      const conversation = { prompts, results, continued, tools: toolNames(), deferred: [], thinking: true };
      return decideReply(conversation, () => errors++ === 0);
    };
    for (;;) {
      this.#session.saySystem('status', { status: 'requesting' });
      let reply = decide();
      if (reply.type === 'error') {
        const { status } = reply;
        reply = await this.#again(apiError(status), status, decide);
        if (reply.type === 'error') return this.#failed(apiError(status), status);
      }
      const requested = await this.#request(reply);
      if (requested.type === 'cut') {
        await this.#again(connectionReset, null, () => ({ type: 'error', status: 0 }));
        return this.#failed(connectionReset, null);
      }
      if (requested.type === 'refused') return this.#refused(requested.requestId);
      this.#tokens = addTokens(this.#tokens, requested.tokens);
      this.#session.tokens = addTokens(this.#session.tokens, requested.tokens);
      if (requested.type === 'used') {
        if (this.#sayUses(requested.used)) return this.#interrupted('tools');
        results.push(...requested.used.map(outcome));
        // What came while a tool ran is folded into this turn and gets no result of its own.
        for (const text of this.#takeWaiting()) this.#session.transcript.prompt(text, this.#session.permissions.mode);
      } else if (requested.stopReason === 'max_tokens') {
        if (++continuations > 3) return this.#failed(tooLong, null);
      } else if (requested.text === '' && ++continuations === 1) {
        this.#sayNothingVisible();
      } else {
        return this.#answered(requested.text, requested.stopReason, false, null);
      }
    }
  }

  #request(reply: MessageReply): Promise<Requested> {
    return new Request(this.#session, {
      reply,
      signal: this.#abort.signal,
      faults: this.faults,
      ask: this.#ask,
      midText: async () => {
        if (this.#textSeen) return;
        this.#textSeen = true;
        await midText(this.faults, this.#session.output);
      },
    }).run();
  }

  /** Tries again until it works, or up to the limit. */
  async #again(error: ApiError, status: number | null, attemptIt: () => Reply): Promise<Reply> {
    const retries = error.retried === undefined ? 0 : maxRetries();
    let reply: Reply = { type: 'error', status: status ?? 0 };
    for (let attempt = 1; attempt <= retries && reply.type === 'error'; attempt++) {
      this.#session.saySystem('api_retry', {
        attempt,
        max_retries: retries,
        retry_delay_ms: retryDelayMs,
        error_status: status,
        error: error.retried,
      });
      await sleep(retryDelayMs, undefined, { signal: this.#abort.signal });
      reply = attemptIt();
    }
    return reply;
  }

  #failed(error: ApiError, status: number | null): Ending {
    const message = messages.syntheticMessage(error.text);
    this.#session.output.line(messages.synthetic(this.#session.id, message, { error: error.kind }));
    this.#session.transcript.synthetic(message, true);
    return this.#answered(error.text, 'stop_sequence', true, status);
  }

  #refused(requestId: string): Ending {
    const text = refusalText(requestId);
    this.#session.transcript.synthetic(messages.syntheticMessage(text, 'refusal'), true);
    return this.#answered(text, 'refusal', true, null);
  }

  #answered(text: string, stopReason: string, isError: boolean, status: number | null): Ending {
    return { type: 'answered', text, stopReason, isError, status, turns: this.#turns };
  }

  /** Was one of them rejected? */
  #sayUses(uses: readonly Used[]): boolean {
    for (const { tool, use } of uses) {
      this.#turns++;
      if (use.denied) this.#denials.push({ tool_name: tool.name, tool_use_id: tool.id, tool_input: tool.input });
      if (use.type === 'rejected') {
        const content = { type: 'tool_result', content: rejection, is_error: true, tool_use_id: tool.id };
        this.#user([content], { tool_use_result: 'User rejected tool use' });
        continue;
      }
      const { content, failed, details } = use.result;
      const block = failed
        ? { type: 'tool_result', content, is_error: true, tool_use_id: tool.id }
        : {
            tool_use_id: tool.id,
            type: 'tool_result',
            content,
            ...(tool.name === 'Bash' ? { is_error: false } : {}),
          };
      this.#user([block], { tool_use_result: details });
    }
    return uses.some(({ use }) => use.type === 'rejected');
  }

  #sayNothingVisible(): void {
    this.#turns++;
    const text = '[Your previous response had no visible output. Please continue and produce a user-visible response.]';
    this.#user([{ type: 'text', text }], { isSynthetic: true });
  }

  #interrupted(where: 'streaming' | 'tools'): Ending {
    const text = where === 'tools' ? '[Request interrupted by user for tool use]' : '[Request interrupted by user]';
    this.#user([{ type: 'text', text }]);
    if (where === 'streaming') this.#tokens = noTokens;
    return { type: 'interrupted', in: where };
  }

  #user(
    content: readonly object[],
    more: { readonly tool_use_result?: object | string; readonly isSynthetic?: true } = {},
  ): void {
    this.#session.output.line(messages.user(this.#session.id, content, more));
    this.#session.transcript.user(content, more.tool_use_result);
  }

  async #end(ending: Ending): Promise<void> {
    const session = this.#session;
    session.failed = ending.type === 'interrupted' || (ending.type === 'answered' && ending.isError);
    if (this.faults.has('no-result')) return;
    const turn = { startedAt: this.#startedAt, tokens: this.#tokens, denials: this.#denials };
    session.output.line(result(session, ending, turn));
    if (this.faults.has('duplicate-result')) session.output.line(result(session, ending, turn));
    if (this.faults.has('late-chunk')) {
      await session.output.flushed();
      const delta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'late' } };
      session.output.line(messages.streamEvent(session.id, delta));
    }
    if (this.faults.has('stderr-noise')) makeNoise();
  }
}

function outcome({ tool, use }: Used): { tool: string; text: string; failed: boolean } {
  return use.type === 'done'
    ? { tool: tool.name, text: use.result.content, failed: use.result.failed }
    : { tool: tool.name, text: rejection, failed: true };
}
