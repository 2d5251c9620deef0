/**
 * A program that speaks the protocol by the official SDK, and does what a prompt says: `say: TEXT`, `ask`, `think`, `plan`,
 * `stderr`, `env: NAME`, `recall`, `hang`, `refuse`, `fail`, `garbage`, `die`. Arguments: `--keep FILE` keeps the prompts of its
 * sessions there, and can load one; `--sign-in`, `--old`, `--silent`, `--broken` are what can be wrong with one.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import {
  type AgentContext,
  agent,
  ndJsonStream,
  type PermissionOption,
  RequestError,
  type RequestPermissionRequest,
  type StopReason,
} from '@agentclientprotocol/sdk';

const args = process.argv.slice(2);
const keep = args.includes('--keep') ? (args[args.indexOf('--keep') + 1] as string) : undefined;
if (args.includes('--broken')) {
  process.stderr.write('this program needs a moon\n');
  process.exit(7);
}
const prompts: string[] = [];
let cancel = (): void => {};

async function obey(text: string, sessionId: string, client: AgentContext): Promise<StopReason> {
  const say = (piece: string): Promise<void> =>
    client.notify('session/update', {
      sessionId,
      update: { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: piece } },
    });
  const [, word = '', rest = ''] = /^(\w+)(?:: ?([\s\S]*))?$/.exec(text) ?? [];
  if (word === 'say') for (const piece of rest) await say(piece);
  if (word === 'env') await say(process.env[rest] ?? 'unset');
  if (word === 'recall') await say(prompts.slice(0, -1).join('|'));
  if (word === 'garbage') process.stdout.write('this is no JSON\n[1,2]\n');
  if (word === 'die') process.exit(9);
  if (word === 'fail') throw RequestError.internalError({ details: 'the model is away' });
  if (word === 'refuse') return 'refusal';
  if (word === 'think')
    await client.notify('session/update', {
      sessionId,
      update: { sessionUpdate: 'agent_thought_chunk', content: { type: 'text', text: 'hm' } },
    });
  if (word === 'plan')
    await client.notify('session/update', {
      sessionId,
      update: { sessionUpdate: 'plan', entries: [{ content: 'one', status: 'pending', priority: 'high' }] },
    });
  if (word === 'stderr') process.stderr.write('to stderr\n');
  if (word === 'hang' || word === 'stderr') {
    if (word === 'hang') await say('begun');
    await new Promise<void>((resolve) => {
      cancel = resolve;
    });
    return 'cancelled';
  }
  if (word === 'ask') {
    const toolCall = { toolCallId: 'tool-1', title: 'Touch a file', kind: 'execute', status: 'pending' } as const;
    await client.notify('session/update', { sessionId, update: { sessionUpdate: 'tool_call', ...toolCall } });
    const options: PermissionOption[] = [
      { optionId: 'yes', name: 'Yes', kind: 'allow_once' },
      { optionId: 'no', name: 'No', kind: 'reject_once' },
    ];
    const question: RequestPermissionRequest = { sessionId, toolCall, options };
    const { outcome } = await client.request('session/request_permission', question);
    await client.notify('session/update', {
      sessionId,
      update: { sessionUpdate: 'tool_call_update', toolCallId: 'tool-1', status: 'completed' },
    });
    await say(outcome.outcome === 'selected' ? outcome.optionId : outcome.outcome);
  }
  return 'end_turn';
}

agent({ name: 'test program' })
  .onRequest('initialize', async ({ params }) => {
    if (args.includes('--silent')) await new Promise(() => {});
    return {
      protocolVersion: args.includes('--old') ? 0 : params.protocolVersion,
      agentInfo: { name: 'test program', version: '4.5.6' },
      agentCapabilities: { loadSession: keep !== undefined },
    };
  })
  .onRequest('session/new', () => {
    if (args.includes('--sign-in')) throw RequestError.authRequired();
    return { sessionId: 'session-1' };
  })
  .onRequest('session/load', async ({ params, client }) => {
    if (keep === undefined || !existsSync(keep)) throw RequestError.internalError({ details: 'no such session' });
    prompts.push(...readFileSync(keep, 'utf8').trim().split('\n'));
    // Its replay, which is no answer to anything.
    await client.notify('session/update', {
      sessionId: params.sessionId,
      update: { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: 'replayed' } },
    });
    return {};
  })
  .onRequest('session/prompt', async ({ params, client }) => {
    const text = params.prompt.map((block) => (block.type === 'text' ? block.text : '')).join('');
    prompts.push(text);
    if (keep !== undefined) appendFileSync(keep, `${text}\n`);
    return { stopReason: await obey(text, params.sessionId, client) };
  })
  .onNotification('session/cancel', () => cancel())
  .connect(ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>));
