import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ClaudeProcess,
  interruptMessage,
  type Message,
  Place,
  promptMessage,
  waitForText,
} from './testing/claude-process.ts';

const isResult = ({ type }: Message): boolean => type === 'result';
const isDelta = (message: Message): boolean => message.event?.delta?.type === 'text_delta';
const aborted = { subtype: 'error_during_execution', is_error: true };

let place: Place;
beforeEach(() => {
  place = new Place();
});
afterEach(() => place[Symbol.dispose]());

describe('an interrupt', () => {
  it('in the middle of a text leaves the part that came', async () => {
    await using claude = new ClaudeProcess({ place });
    claude.prompt('hang');
    await claude.until(isDelta);
    claude.interrupt();
    expect(await claude.until(isResult)).toMatchObject({ ...aborted, terminal_reason: 'aborted_streaming' });
    const kinds = claude.messages.slice(-4).map(({ type }: Message) => type);
    expect(kinds).toEqual(['control_response', 'assistant', 'user', 'result']);
    expect(await claude.ask('say: next')).toMatchObject({ result: 'next' });
  });

  it('right behind the prompt aborts the turn before it asks anything', async () => {
    await using claude = new ClaudeProcess({ place });
    claude.send(promptMessage('hang'), interruptMessage());
    expect(await claude.until(isResult)).toMatchObject({ ...aborted, terminal_reason: 'aborted_streaming' });
    expect(claude.messages.map(({ type, subtype }: Message) => subtype ?? type)).toEqual([
      'control_response',
      'init',
      'user',
      'error_during_execution',
    ]);
  });

  it('while a tool runs ends the tool', async () => {
    await using claude = new ClaudeProcess({ place });
    claude.prompt('bash: sleep 300');
    await claude.until(({ event }) => event?.type === 'message_stop');
    claude.interrupt();
    expect(await claude.until(isResult)).toMatchObject({ ...aborted, terminal_reason: 'aborted_tools' });
  });

  it('while it asks takes the question back', async () => {
    await using claude = new ClaudeProcess({ place });
    claude.prompt('ask');
    const question = await claude.until(({ request }) => request?.subtype === 'can_use_tool');
    claude.interrupt();
    expect(await claude.until(isResult)).toMatchObject({ ...aborted, permission_denials: [{ tool_name: 'Bash' }] });
    expect(claude.messages).toContainEqual({ type: 'control_cancel_request', request_id: question.request_id });
  });

  it('between two tries ends the trying', async () => {
    await using claude = new ClaudeProcess({ place, env: { CLAUDE_CODE_MAX_RETRIES: '1000' } });
    claude.prompt('error: 529');
    await claude.until(({ subtype }) => subtype === 'api_retry');
    claude.interrupt();
    expect(await claude.until(isResult)).toMatchObject(aborted);
  });

  it('of nothing is answered and has no result', async () => {
    await using claude = new ClaudeProcess({ place });
    claude.interrupt('idle');
    const answer = await claude.until(() => true);
    expect(answer).toEqual({ type: 'control_response', response: { subtype: 'success', request_id: 'idle' } });
    expect(await claude.ask('say: not interrupted')).toMatchObject({ result: 'not interrupted' });
  });

  it('is heard although nobody reads the answer', async () => {
    await using claude = new ClaudeProcess({ place });
    claude.send(promptMessage('say: first'));
    const { session_id } = await claude.until(isResult);
    const from = claude.messages.length;
    claude.prompt('lines: 1000000');
    await claude.until(isDelta, from);
    claude.interrupt();
    const project = join(place.home, '.claude/projects', place.cwd.replace(/[^a-zA-Z0-9]/g, '-'));
    waitForText(join(project, `${session_id}.jsonl`), '[Request interrupted by user]');
    expect(await claude.until(isResult, from)).toMatchObject(aborted);
  });

  it('leaves what was queued to run', async () => {
    await using claude = new ClaudeProcess({ place });
    claude.prompt('hang');
    await claude.until(isDelta);
    claude.prompt('say: queued');
    claude.interrupt();
    expect(await claude.until(({ result }) => result === 'queued')).toMatchObject({ is_error: false });
  });
});

describe('the fault', () => {
  it('ignores-interrupt: the turn goes on', async () => {
    await using claude = new ClaudeProcess({ place });
    claude.prompt('fault: ignores-interrupt slow: 3');
    await claude.until(isDelta);
    claude.interrupt();
    expect(await claude.until(isResult)).toMatchObject({ result: 'w0 w1 w2 ' });
    expect(claude.messages.some(({ type }: Message) => type === 'control_response')).toBe(false);
  });

  it('slow-interrupt: it is heeded late', async () => {
    await using claude = new ClaudeProcess({ place });
    claude.prompt('fault: slow-interrupt slow: 1000');
    await claude.until(isDelta);
    const from = performance.now();
    claude.interrupt();
    expect(await claude.until(isResult)).toMatchObject(aborted);
    expect(performance.now() - from).toBeGreaterThan(1_900);
  });

  it('early-interrupt-lost: it is answered, and the turn runs all the same, unless what is queued is cancelled', async () => {
    await using claude = new ClaudeProcess({ place });
    const prompt = { ...promptMessage('fault: early-interrupt-lost say: ran'), uuid: 'one' };
    claude.send(prompt, interruptMessage('lost'));
    expect(await claude.until(isResult)).toMatchObject({ result: 'ran' });
    expect(claude.messages[0].response.response).toEqual({ still_queued: ['one'] });
    const from = claude.messages.length;
    claude.send(prompt, interruptMessage('heeded', { cancel_queued: true }));
    const answer = await claude.until(() => true, from);
    expect(answer.response.response).toEqual({ still_queued: [], cancelled: ['one'] });
    claude.child.stdin?.end();
    await claude.exited;
    expect(claude.messages.filter(isResult)).toHaveLength(1);
  });
});
