import { randomUUID } from 'node:crypto';
import { type Fault, slownessMs, splitFaults } from './faults.ts';
import { type Answer, type Input, parseInput } from './input.ts';
import { controlError, controlSuccess } from './messages.ts';
import type { Session } from './session.ts';
import { Turn } from './turn.ts';

/** What is said on stdin, and what it sets off: turns one after the other, questions, interrupts. */
export class Conversation {
  readonly #session: Session;
  readonly #leave: (code: number) => void;
  #waiting: { readonly text: string; readonly uuid: string | undefined }[] = [];
  #turn: Turn | undefined;
  #interruptNext = false;
  #ended = false;
  readonly #questions = new Map<string, (answer: Answer | 'cancelled') => void>();

  /** `leave` ends the process. */
  constructor(session: Session, leave: (code: number) => void) {
    this.#session = session;
    this.#leave = leave;
  }

  /** Acts on a line of stdin. @throws {TypeError} when the process is to die of it */
  line(line: string): void {
    const input = parseInput(line);
    if (input.type === 'prompt') this.#prompt(input);
    if (input.type === 'request') this.#request(input.id, input.request);
    if (input.type === 'answer') this.#answer(input.id, input.answer);
  }

  /** stdin has ended: what runs ends first. */
  end(): void {
    if (this.#session.faults.has('hangs-on-exit')) {
      // Nothing else would keep the process.
      setInterval(() => {}, 60_000);
      return;
    }
    this.#ended = true;
    for (const id of [...this.#questions.keys()]) {
      this.#answer(id, { type: 'error', message: 'Tool permission stream closed before response received' });
    }
    this.#leaveWhenIdle();
  }

  /** SIGINT: as an interrupt, then the process ends. */
  break(): void {
    this.#ended = true;
    this.#waiting = [];
    if (this.#turn === undefined) this.#leave(0);
    else this.#interrupt();
  }

  #prompt({ text, uuid }: Extract<Input, { type: 'prompt' }>): void {
    this.#session.transcript.enqueued(text);
    this.#waiting.push({ text, uuid });
    if (this.#turn === undefined && this.#waiting.length === 1) setImmediate(() => void this.#next());
  }

  async #next(): Promise<void> {
    const [first] = this.#waiting;
    if (first === undefined || this.#turn !== undefined) return;
    // Whatever waits becomes one prompt.
    const text = this.#takeWaiting().join('\n');
    const turn = new Turn(
      this.#session,
      { text, uuid: first.uuid },
      (request) => this.#ask(request),
      () => this.#takeWaiting(),
    );
    this.#turn = turn;
    if (this.#interruptNext) turn.interrupt();
    this.#interruptNext = false;
    await turn.run();
    this.#turn = undefined;
    if (turn.faults.has('exits-after-result')) return this.#leave(0);
    if (this.#waiting.length > 0) return this.#next();
    this.#leaveWhenIdle();
  }

  #takeWaiting(): string[] {
    const texts = this.#waiting.map(({ text }) => text);
    this.#waiting = [];
    for (const _ of texts) this.#session.transcript.dequeued();
    return texts;
  }

  #leaveWhenIdle(): void {
    if (!this.#ended || this.#turn !== undefined || this.#waiting.length > 0) return;
    this.#leave(this.#session.failed ? 1 : 0);
  }

  #ask(request: object): Promise<Answer | 'cancelled'> {
    const id = randomUUID();
    return new Promise((resolve) => {
      this.#questions.set(id, resolve);
      this.#session.output.line({ type: 'control_request', request_id: id, request });
      if (this.#ended) this.end();
    });
  }

  #answer(id: string, answer: Answer | 'cancelled'): void {
    this.#questions.get(id)?.(answer);
    this.#questions.delete(id);
  }

  #request(id: string, request: Readonly<Record<string, unknown>>): void {
    if (request.subtype === 'interrupt') this.#requestInterrupt(id, request);
    else if (request.subtype !== 'initialize' || !this.#session.faults.has('no-initialize')) {
      this.#session.output.line(this.#response(id, request));
      if (request.subtype === 'set_permission_mode') {
        this.#session.saySystem('status', { status: null, permissionMode: this.#session.permissions.mode });
      }
    }
  }

  #response(id: string, request: Readonly<Record<string, unknown>>): object {
    switch (request.subtype) {
      case 'initialize':
        return controlSuccess(id, this.#initialized());
      case 'set_permission_mode': {
        const { permissions } = this.#session;
        permissions.mode = String(request.mode);
        return controlSuccess(id, { mode: permissions.mode });
      }
      case 'set_model':
        return controlSuccess(id);
      case 'mcp_status':
        return controlSuccess(id, { mcpServers: [] });
      default:
        return controlError(id, `Unsupported control request subtype: ${String(request.subtype)}`);
    }
  }

  #requestInterrupt(id: string, request: Readonly<Record<string, unknown>>): void {
    const faults = this.#turn?.faults ?? this.#faultsOfNext();
    if (faults.has('ignores-interrupt')) return;
    if (faults.has('early-interrupt-lost') && this.#turn === undefined && this.#waiting.length > 0) {
      this.#session.output.line(controlSuccess(id, this.#loseInterrupt(request.cancel_queued === true)));
      return;
    }
    const heed = (): void => {
      this.#interrupt();
      this.#session.output.line(controlSuccess(id));
    };
    if (faults.has('slow-interrupt')) setTimeout(heed, slownessMs);
    else heed();
  }

  #loseInterrupt(cancelQueued: boolean): object {
    const uuids = this.#waiting.map(({ uuid }) => uuid);
    if (!cancelQueued) return { still_queued: uuids };
    this.#waiting = [];
    return { still_queued: [], cancelled: uuids };
  }

  #interrupt(): void {
    for (const id of [...this.#questions.keys()]) {
      this.#session.output.line({ type: 'control_cancel_request', request_id: id });
      this.#answer(id, 'cancelled');
    }
    if (this.#turn !== undefined) this.#turn.interrupt();
    else this.#interruptNext = this.#waiting.length > 0;
  }

  #faultsOfNext(): ReadonlySet<Fault> {
    const faults = this.#waiting.flatMap(({ text }) => [...splitFaults(text).faults]);
    return new Set([...this.#session.faults, ...faults]);
  }

  #initialized(): object {
    return {
      commands: [{ name: 'clear', description: 'Start a new session with empty context', argumentHint: '' }],
      agents: [{ name: 'general-purpose', description: 'General-purpose agent for complex tasks' }],
      output_style: 'default',
      available_output_styles: ['default'],
      models: [{ value: 'default', resolvedModel: this.#session.model, displayName: 'Default (recommended)' }],
      account: { tokenSource: 'none', apiKeySource: 'ANTHROPIC_API_KEY', apiProvider: 'firstParty' },
      pid: process.pid,
    };
  }
}
