import assert from 'node:assert/strict';
import type {
  CommandEvent,
  InstanceInterface,
  PermissionAnswer,
  PermissionHandler,
  PermissionPolicy,
  PermissionRequest,
} from '@ccb/instance-interface';
import type { Bench, Group } from '../bench.ts';
import { assertAnswers } from '../scene/answering.ts';
import { collect, textOf } from '../scene/reading.ts';

export const permissions: Group = {
  name: 'permissions',
  define(cases) {
    cases.test('a policy that is none is the caller’s mistake, and nothing is sent', async ({ create, commands }) => {
      const instance = await create();
      const permission = 'sometimes' as PermissionPolicy;
      assert.throws(() => instance.sendCommand(commands.echo('never'), { permission }), TypeError);
      await assert.rejects(instance.sendCommandAndWait(commands.echo('never'), { permission }), TypeError);
      assert.throws(() => instance.resumeCommand('any', { permission }), TypeError);
      assert.equal(instance.state, 'stopped');
    });

    whereAsked('without a policy, and with deny, what needs a permission is denied', async (instance, ask) => {
      for (const permission of [undefined, 'deny'] as const) {
        const { text, request, resolved } = await asked(instance, ask, permission);
        assert.equal(text, 'denied');
        assert.equal(resolved.by, 'policy');
        assert.ok(kindOf(request, resolved.optionId)?.startsWith('reject'), JSON.stringify(resolved));
      }
    });

    whereAsked('with allow it is allowed, once', async (instance, ask) => {
      const { text, request, resolved } = await asked(instance, ask, 'allow');
      assert.equal(text, 'allowed');
      assert.equal(resolved.by, 'policy');
      assert.equal(kindOf(request, resolved.optionId), 'allow_once');
      assert.equal((await asked(instance, ask, 'deny')).text, 'denied', 'the next one is asked about again');
    });

    whereAsked('a handler is told what is asked for, and its answer counts', async (instance, ask) => {
      const requests: PermissionRequest[] = [];
      const ids: string[] = [];
      const answering = (answer: (request: PermissionRequest) => PermissionAnswer): PermissionHandler => {
        return (request, { commandId, signal }) => {
          requests.push(request);
          ids.push(commandId);
          assert.equal(signal.aborted, false);
          return answer(request);
        };
      };
      const optionOf = ({ options }: PermissionRequest): PermissionAnswer => {
        const option = options.find(({ kind }) => kind === 'allow_once');
        assert.ok(option);
        return { optionId: option.optionId };
      };
      const turns = [
        await asked(
          instance,
          ask,
          answering(() => 'allow_once'),
        ),
        await asked(
          instance,
          ask,
          answering(() => 'reject_once'),
        ),
        await asked(instance, ask, answering(optionOf)),
      ];
      assert.deepEqual(
        turns.map(({ text, resolved }) => [text, resolved.by]),
        [
          ['allowed', 'handler'],
          ['denied', 'handler'],
          ['allowed', 'handler'],
        ],
      );
      assert.deepEqual(
        turns.map(({ id }) => id),
        ids,
      );
      for (const [index, { request }] of turns.entries()) {
        assert.deepEqual(requests[index], plain(request), 'the handler gets what the stream tells');
        assert.ok(request.toolCall.title, 'it says what is to be done');
      }
    });

    whereAsked('a handler that throws, rejects, or answers what was not offered denies', async (instance, ask) => {
      const handlers: readonly PermissionHandler[] = [
        () => {
          throw new Error('no idea');
        },
        () => Promise.reject(new Error('no idea')),
        () => ({ optionId: 'never-offered' }),
      ];
      for (const handler of handlers) {
        const { text, resolved } = await asked(instance, ask, handler);
        assert.equal(text, 'denied');
        assert.notEqual(resolved.by, 'handler');
      }
    });

    whereAsked('while it is asked the instance says what it waits for', async (instance, ask) => {
      const question = new Question();
      const command = instance.sendCommandAndWait(ask, { permission: question.handler });
      await question.askedBefore(command);
      const { command: running } = await instance.getInfo();
      assert.equal(running?.waitingFor, 'permission');
      assert.equal(await instance.isRunning(), true);
      question.answer('allow_once');
      const result = await command;
      assert.equal(result.output, 'allowed');
      assert.equal(result.id, running.id);
      assert.equal((await instance.getInfo()).command, undefined);
    });

    whereAsked(
      'a command that is cancelled while it asks ends, and its handler is told',
      async (instance, ask, bench) => {
        const question = new Question();
        const stream = instance.sendCommand(ask, { permission: question.handler });
        const events = collect(stream.events());
        const signal = await question.askedBefore(events);
        const result = await stream.cancel();
        assert.equal(result.status, 'cancelled');
        assert.equal(signal.aborted, true, 'the handler is told that nobody waits for it');
        question.answer('allow_once');
        assert.equal(textOf(await events).includes('allowed'), false);
        await assertAnswers(instance, bench.commands, 'next');
      },
    );

    const nextHost = async (first: InstanceInterface, ask: string, { reopen, commands }: Bench): Promise<void> => {
      if (!first.capabilities.detach || !first.capabilities.resume) return;
      const unanswered = new Question();
      const stream = first.sendCommand(ask, { permission: unanswered.handler });
      await unanswered.askedBefore(stream.result);
      await first.detach();
      const second = await reopen(first.record);
      const question = new Question();
      const resumed = second.resumeCommand(stream.id, { permission: question.handler });
      const events = collect(resumed.events());
      await question.askedBefore(events);
      assert.equal(question.request?.requestId, unanswered.request?.requestId);
      question.answer('allow_once');
      assert.equal(textOf(await events), 'allowed');
      const resolutions = (await events).filter(({ type }) => type === 'permission_resolved');
      assert.equal(resolutions.length, 1, 'it was answered once');
      assert.equal((await resumed.result).success, true);
      await assertAnswers(second, commands, 'next');
    };
    whereAsked('the next host is asked again', nextHost, (bench) => bench.create());

    function whereAsked(
      name: string,
      body: (instance: InstanceInterface, ask: string, bench: Bench) => Promise<void>,
      get: (bench: Bench) => Promise<InstanceInterface> = (bench) => bench.borrow(),
    ): void {
      cases.testIf(
        ({ commands }) => commands.ask !== null,
        name,
        async (bench) => {
          const { ask } = bench.commands;
          const instance = await get(bench);
          if (ask !== null && instance.capabilities.permissions) await body(instance, ask(), bench);
        },
      );
    }
  },
};

/** A handler whose answer the test gives when it likes. */
class Question {
  request: PermissionRequest | undefined;
  readonly #asked: Promise<AbortSignal>;
  readonly #answer: Promise<PermissionAnswer>;
  #resolveAsked: (signal: AbortSignal) => void = () => {};
  answer: (answer: PermissionAnswer) => void = () => {};

  constructor() {
    this.#asked = new Promise((resolve) => {
      this.#resolveAsked = resolve;
    });
    this.#answer = new Promise((resolve) => {
      this.answer = resolve;
    });
  }

  /** Resolves, with the handler's signal, when it is asked; rejects when this ends without. */
  askedBefore(end: Promise<unknown>): Promise<AbortSignal> {
    const ended = end.then((value) => assert.fail(`it never asked: ${JSON.stringify(value)}`));
    return Promise.race([this.#asked, ended]);
  }

  readonly handler: PermissionHandler = (request, { signal }) => {
    this.request = request;
    this.#resolveAsked(signal);
    return this.#answer;
  };
}

type Requested = CommandEvent & { readonly type: 'permission_request' };
type Resolved = CommandEvent & { readonly type: 'permission_resolved' };

/** One command that asks once: its answer, and the two events that belong to it. */
async function asked(
  instance: InstanceInterface,
  ask: string,
  permission: PermissionPolicy | undefined,
): Promise<{ readonly id: string; readonly text: string; readonly request: Requested; readonly resolved: Resolved }> {
  const stream = instance.sendCommand(ask, { permission });
  const events = await collect(stream.events());
  const result = await stream.result;
  assert.equal(result.success, true, JSON.stringify(result));
  const questions = events.filter(({ type }) => type === 'permission_request' || type === 'permission_resolved');
  const [request, resolved] = questions;
  assert.equal(questions.length, 2, `one question and its answer: ${JSON.stringify(questions)}`);
  assert.ok(request?.type === 'permission_request');
  assert.ok(resolved?.type === 'permission_resolved');
  assert.equal(resolved.requestId, request.requestId);
  return { id: stream.id, text: textOf(events), request, resolved };
}

function kindOf({ options }: PermissionRequest, optionId: string | undefined): string | undefined {
  return options.find((option) => option.optionId === optionId)?.kind;
}

/** The request without its place in the stream. */
function plain({ requestId, toolCall, options }: Requested): PermissionRequest {
  return { requestId, toolCall, options };
}
