import { spawnSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fakeApiEnvironment } from '../fake-api/environment.ts';
import { type IsolatedApi, startIsolatedApi } from '../isolated.ts';
import { version } from './messages.ts';
import { ClaudeProcess, type Message, Place } from './testing/claude-process.ts';

const real = process.env.CCB_CLAUDE;
/** The fake is like one version; others differ in ways that are theirs. */
const same =
  real !== undefined && spawnSync(real, ['--version'], { encoding: 'utf8' }).stdout.startsWith(`${version} `);
/** Comes at its own time: what a tool answers at once overtakes the end of the message that used it. */
const unordered = ['system thinking_tokens', 'stream_event message_delta', 'stream_event message_stop'];

const kindOf = ({ type, subtype, event, request }: Message): string =>
  [type, subtype ?? request?.subtype ?? event?.type].filter((part) => part !== undefined).join(' ');

/** The kinds of messages in their order, each run of one kind told once. */
function kindsOf(messages: readonly Message[]): string[] {
  const kinds = messages.map(kindOf).filter((kind) => !unordered.includes(kind));
  return kinds.filter((kind, i) => kind !== kinds[i - 1]);
}

/** The fields of each kind of message, two levels deep. */
function fieldsOf(messages: readonly Message[]): Map<string, Set<string>> {
  const fields = new Map<string, Set<string>>();
  for (const message of messages) {
    const of = fields.get(kindOf(message)) ?? new Set();
    fields.set(kindOf(message), of);
    for (const [name, value] of Object.entries(message)) {
      of.add(name);
      if (['message', 'request'].includes(name))
        for (const inner of Object.keys(value as object)) of.add(`${name}.${inner}`);
    }
  }
  return fields;
}

const withoutId = (text?: string): string | undefined => text?.replace(/req_\w+/, 'req');

type Then = 'allow' | 'deny' | 'interrupt' | 'alone';

async function conversation(claude: ClaudeProcess, prompt: string, then: Then): Promise<Message[]> {
  claude.prompt(prompt);
  if (then === 'interrupt') {
    await claude.until(({ event }) => event?.delta?.type === 'text_delta');
    claude.interrupt();
  } else if (then !== 'alone') {
    const question = await claude.until(({ request }) => request?.subtype === 'can_use_tool');
    const { input } = question.request;
    await claude.answer(
      then === 'allow' ? { behavior: 'allow', updatedInput: input } : { behavior: 'deny', message: 'no' },
    );
  }
  await claude.until(({ type }) => type === 'result');
  return [...claude.messages];
}

describe.runIf(same)(`the real claude ${version}`, () => {
  let api: IsolatedApi;
  let file: string;
  let place: Place;
  beforeAll(async () => {
    api = await startIsolatedApi();
    file = await api.executable(real as string);
  });
  afterAll(() => api?.close());
  beforeEach(() => {
    place = new Place();
  });
  afterEach(() => place[Symbol.dispose]());

  it.each<[string, Then]>([
    ['say: hello world', 'alone'],
    ['think: hm', 'alone'],
    ['bash: echo hi', 'alone'],
    ['bash: false', 'alone'],
    ['ask', 'allow'],
    ['ask', 'deny'],
    ['ask', 'alone'],
    ['hang', 'interrupt'],
    ['error: 400', 'alone'],
    ['error: 529', 'alone'],
    ['refuse', 'alone'],
    ['max', 'alone'],
    ['plan', 'alone'],
    ['recall', 'alone'],
    ['/nosuch', 'alone'],
  ])('says `%s` in the same messages (%s)', async (prompt, then) => {
    const args = then === 'alone' ? [] : ['--permission-prompt-tool', 'stdio'];
    const env = fakeApiEnvironment(api.url, { maxRetries: 2 });
    await using model = new ClaudeProcess({ place, args, file, env });
    const expected = await conversation(model, prompt, then);
    await using fake = new ClaudeProcess({ place, args, env });
    const said = await conversation(fake, prompt, then);

    expect(withoutId(said.at(-1).result)).toBe(withoutId(expected.at(-1).result));
    expect(said.at(-1).is_error).toBe(expected.at(-1).is_error);
    expect(said.at(-1).num_turns).toBe(expected.at(-1).num_turns);
    expect(kindsOf(said)).toEqual(kindsOf(expected));
    const known = fieldsOf(expected);
    for (const [kind, names] of fieldsOf(said)) {
      if (!known.has(kind)) continue;
      const invented = [...names].filter((name) => !known.get(kind)?.has(name));
      expect({ kind, invented }).toEqual({ kind, invented: [] });
    }
  });
});
