import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { InstanceError } from '@ccb/instance-interface';
import { type TmuxInstance, tmuxBackend } from '@ccb/tmux-instance';
import { Bridge } from './bridge.ts';
import { type CampaignOptions, type CampaignResult, campaign, type Field } from './campaign.ts';
import { childProgram } from './child-program.ts';
import { settled, within } from './deadline.ts';
import { carrying, commandLineOf, isAlive, namedAfter } from './processes.ts';
import { Random } from './random.ts';
import type { Tally } from './tally.ts';

const LINES = 3_000;
const DEADLINE_MS = 20_000;
/** A strike comes within so many ms of the command. */
const MOMENT_MS = 40;

/** What the world does to a shell in a tmux pane amid an answer. `count`: strikes of each kind. */
export async function run(options: CampaignOptions): Promise<CampaignResult> {
  return await campaign('tmux-faults', options, async (field) => {
    await childProgram(field.sandbox, 'bridge');
    const ground = new Ground(field);
    const random = new Random(options.seed);
    const asserted =
      'typed error by the deadline or the whole answer; text a beginning of the truth, ran at most once, next answer exact, nothing left, a foreign session untouched';
    const rows = {
      server: field.row('tmux server SIGKILLed at a random moment of an answer of 3,000 lines', asserted),
      program: field.row('shell in the pane SIGKILLed at a random moment of an answer of 3,000 lines', asserted),
      bridge: field.row('bridge SIGKILLed at a random moment of an answer of 3,000 lines', asserted),
    };
    for (let n = 0; n < options.count; n += 1) {
      await field.strike(rows.server, `server ${n}`, () => ground.killServer(rows.server, random));
      await field.strike(rows.program, `program ${n}`, () => ground.killProgram(rows.program, random));
      await field.strike(rows.bridge, `bridge ${n}`, () => ground.killBridge(rows.bridge, random));
    }
  });
}

/** Why the campaign cannot be run here. */
export function unavailable(): string | undefined {
  try {
    execFileSync('tmux', ['-V'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'there is no tmux';
  }
}

/** Two tmux servers: one of ours, and a person's with a session of his own. */
class Ground {
  readonly #field: Field;
  readonly #backend: ReturnType<typeof tmuxBackend>;
  readonly #socket: string;
  readonly #foreign: string;
  readonly #person: number;
  /** Processes that an earlier strike has left, and told of. */
  readonly #told = new Set<number>();

  constructor(field: Field) {
    this.#field = field;
    const { home } = field.sandbox;
    const runtimeDirectory = join(home, 'programs', 'run');
    this.#backend = tmuxBackend({ home, runtimeDirectory });
    mkdirSync(join(home, 'programs'), { recursive: true });
    this.#socket = join(home, 'programs', 'person.sock');
    this.#tmux('new-session', '-d', '-s', 'foreign', 'sleep 86400');
    this.#foreign = this.#look();
    this.#person = Number(this.#tmux('display-message', '-p', '#{pid}'));
    field.sandbox.defer(() => this.#endPerson());
  }

  /** A server waits for its clients: one that never ends would keep it, and its person, waiting. */
  async #endPerson(): Promise<void> {
    this.#tmux('kill-server');
    await settled(() => !isAlive(this.#person));
    const left = namedAfter(this.#socket);
    for (const pid of left) process.kill(pid, 'SIGKILL');
    if (left.length > 0) throw new Error(`the person's server did not end: processes ${left.join(', ')} were left`);
  }

  async killServer(tally: Tally, random: Random): Promise<void> {
    const instance = await this.#create(undefined);
    const server = Number(this.#on(socketOf(instance), 'display-message', '-p', '#{pid}'));
    await this.#strike(tally, instance, random, ['CCB_BACKEND_UNREACHABLE', 'CCB_PROGRAM_EXITED'], () =>
      process.kill(server, 'SIGKILL'),
    );
    await within(DEADLINE_MS, 'a start after the end of the server', startAgain(instance));
    await this.#end(tally, instance);
  }

  async killProgram(tally: Tally, random: Random): Promise<void> {
    const instance = await this.#create(this.#socket);
    const { program } = await instance.getInfo();
    await this.#strike(tally, instance, random, ['CCB_PROGRAM_EXITED'], () =>
      process.kill(program.pid as number, 'SIGKILL'),
    );
    await this.#end(tally, instance);
  }

  async killBridge(tally: Tally, random: Random): Promise<void> {
    const made = await this.#create(this.#socket);
    await made.detach();
    const { record } = made;
    const ran = this.#file();
    const { sandbox } = this.#field;
    const bridge = await Bridge.start(sandbox, { record, id: randomUUID(), text: lines(ran), env: this.#env });
    await bridge.until(() => bridge.stage !== 'starting' && bridge.stage !== 'opened', DEADLINE_MS);
    await delay(random.between(0, MOMENT_MS));
    await bridge.kill();
    tally.check(truth().startsWith(bridge.text), 'what the bridge had told is no beginning of the truth');
    const next = await this.#backend.open(record, { env: this.#env });
    // What is in flight goes on, and is not disturbed.
    const after = await within(DEADLINE_MS, 'the next answer', next.sendCommandAndWait('echo next'));
    tally.check(after.output === 'next\n' && after.success, `the next answer was ${JSON.stringify(after.output)}`);
    // A bridge that was killed before it had sent it has run nothing.
    tally.check(countOf(ran) <= 1, `it ran ${countOf(ran)} times to its end`);
    tally.count(countOf(ran) === 1 ? 'went on to their end' : 'were not sent');
    await this.#end(tally, next);
  }

  async #strike(
    tally: Tally,
    instance: TmuxInstance,
    random: Random,
    codes: readonly string[],
    strike: () => void,
  ): Promise<void> {
    const ran = this.#file();
    const stream = instance.sendCommand(lines(ran), { timeoutMs: DEADLINE_MS });
    let text = '';
    const reading = (async () => {
      for await (const piece of stream) text += piece;
    })().catch(() => {});
    await delay(random.between(0, MOMENT_MS));
    strike();
    try {
      const result = await within(DEADLINE_MS + 1_000, 'the end of the command', stream.result);
      tally.count(result.success ? 'completed' : result.error.code);
      if (result.success) tally.check(text === truth(), 'a success without the whole text');
      else
        tally.check(codes.includes(result.error.code), `it ended with ${result.error.code}: ${result.error.message}`);
    } catch (error) {
      if (InstanceError.is(error)) tally.count(error.code);
      tally.check(InstanceError.is(error) && codes.includes(error.code), `it broke off with ${String(error)}`);
    }
    await reading;
    tally.check(truth().startsWith(text), 'the text is no beginning of the truth');
    tally.check(countOf(ran) <= 1, 'it ran more than once');
  }

  async #end(tally: Tally, instance: TmuxInstance): Promise<void> {
    const next = await within(DEADLINE_MS, 'the next answer', instance.sendCommandAndWait('echo next'));
    tally.check(next.output === 'next\n' && next.success, `the next answer was ${JSON.stringify(next)}`);
    await within(DEADLINE_MS, 'cleanup', instance.cleanup({ remove: true }));
    const { directory, instanceId } = instance.record.data as {
      readonly directory: string;
      readonly instanceId: string;
    };
    const left = (): readonly number[] => [
      ...carrying(`CCB_INSTANCE=${instanceId}`),
      ...namedAfter(directory),
      ...namedAfter(join(this.#field.sandbox.home, 'programs', 'run')),
      ...namedAfter(this.#socket).filter((pid) => pid !== this.#person && !this.#told.has(pid)),
    ];
    await settled(() => left().length === 0);
    const stray = left();
    tally.check(
      stray.length === 0,
      `processes ${stray.map((pid) => `${pid} (${commandLineOf(pid)})`).join(', ')} are left`,
    );
    for (const pid of stray) this.#told.add(pid);
    tally.check(!existsSync(directory), 'its directory is left');
    tally.check(this.#look() === this.#foreign, `the foreign session was ${this.#foreign} and is ${this.#look()}`);
    const sessions = this.#tmux('list-sessions', '-F', '#{session_name}').trim().split('\n');
    const own = sessions.filter((name) => name !== 'foreign');
    tally.check(own.length === 0, `sessions ${own.join(', ')} are left`);
  }

  async #create(socket: string | undefined): Promise<TmuxInstance> {
    const { workspace } = this.#field.sandbox;
    const name = `campaign-${randomUUID().slice(0, 8)}`;
    const instance = await this.#backend.create({ type: 'tmux', name, workspace, socket, env: this.#env });
    this.#field.sandbox.defer(async () => {
      if (instance.state !== 'closed') await instance.cleanup({ remove: true });
    });
    await instance.start();
    return instance;
  }

  get #env(): Readonly<Record<string, string>> {
    return { HOME: this.#field.sandbox.workspace };
  }

  #file(): string {
    return join(this.#field.sandbox.workspace, `ran-${randomUUID()}`);
  }

  #look(): string {
    return this.#tmux('list-panes', '-t', '=foreign', '-F', '#{pane_id} #{pane_pid} #{pane_dead} #{pane_pipe}');
  }

  #tmux(...args: string[]): string {
    return this.#on(this.#socket, ...args);
  }

  #on(socket: string, ...args: string[]): string {
    const env = { PATH: process.env.PATH, HOME: this.#field.sandbox.workspace, LANG: 'C.UTF-8' };
    return execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], { env, encoding: 'utf8', timeout: 10_000 });
  }
}

function socketOf(instance: TmuxInstance): string {
  return (instance.record.data as { readonly socket: string }).socket;
}

/** It may still be noticing that its server is gone. */
async function startAgain(instance: TmuxInstance): Promise<void> {
  if (instance.state === 'running') {
    await new Promise<void>((resolve) => {
      const stop = instance.onStateChange(() => {
        stop();
        resolve();
      });
    });
  }
  await instance.start();
}

function lines(file: string): string {
  return `i=0; while [ "$i" -lt ${LINES} ]; do i=$((i+1)); echo "$i"; done; echo ran >> '${file}'`;
}

function truth(): string {
  return Array.from({ length: LINES }, (_, index) => `${index + 1}\n`).join('');
}

function countOf(file: string): number {
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').length : 0;
}
