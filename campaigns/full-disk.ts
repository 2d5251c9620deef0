import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { InstanceInterface } from '@ccb/instance-interface';
import { outcomeOf, readAnswer } from './answer.ts';
import { type CampaignOptions, type CampaignResult, campaign, type Field } from './campaign.ts';
import { within } from './deadline.ts';
import { Random } from './random.ts';
import { Subject } from './subject.ts';
import type { Tally } from './tally.ts';

const STEP_MS = 60_000;
const LINES = 4_000_000;
const AFTERWARDS = 20_000;
const MIB = 1024 * 1024;

/** Why small disks cannot be made here; undefined where they can. */
export function unavailable(): string | undefined {
  const able = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true'], { timeout: 10_000 }).status === 0;
  return able ? undefined : 'file systems cannot be mounted here: that takes root';
}

/** The journal lies on a disk that is too small for the answer. `count`: disks. */
export async function run(options: CampaignOptions): Promise<CampaignResult> {
  return await campaign('full-disk', options, async (field) => {
    const tally = field.row(
      'a flood into a journal on a disk of 1 to 12 MiB; reopened, sometimes after SIGKILL of the agent; then more room',
      'CCB_DISK_FULL, text a beginning of the truth and all of it in the history, the next command exact or CCB_DISK_FULL, exact when there is room',
    );
    const random = new Random(options.seed);
    const truth = numbers(LINES);
    for (let i = 0; i < options.count; i += 1) {
      const bytes = Math.round(random.between(1, 12) * MIB);
      await field.strike(tally, `${i} (${bytes} bytes)`, () => fill(field, tally, random, bytes, truth));
    }
  });
}

async function fill(field: Field, tally: Tally, random: Random, bytes: number, truth: string): Promise<void> {
  const record = await field.sandbox.createRecord();
  const { journal } = new Subject(record);
  const disk = mountSmall(journal, bytes);
  // Before the instances are removed: the directory of a mount cannot be.
  field.sandbox.defer(() => disk.remove());
  let instance: InstanceInterface = await field.sandbox.backend.open(record);
  const flood = instance.sendCommand(`seq 1 ${LINES}`);
  const answer = await within(STEP_MS, 'the end of the flood', readAnswer(flood));
  tally.check(outcomeOf(answer) === 'CCB_DISK_FULL', `the flood ended ${outcomeOf(answer)}`);
  tally.beginning('the text', answer.text, truth);
  tally.most('journaled before the end', answer.text.length / bytes, 'of the disk');

  disk.fill();
  await small(tally, instance, 'on the full disk');
  const killed = random.chance(0.5);
  if (killed) new Subject(record).strikeAgent('SIGKILL');
  await instance.detach();
  instance = await field.sandbox.backend.open(record);
  tally.same(`the history${killed ? ' after SIGKILL' : ''}`, await historyOf(instance, flood.id), answer.text);
  await small(tally, instance, killed ? 'after SIGKILL on the full disk' : 'reopened on the full disk');

  disk.grow();
  const next = await within(STEP_MS, 'the next answer', instance.sendCommandAndWait(`seq 1 ${AFTERWARDS}`));
  tally.check(next.success, `with room again it ended ${JSON.stringify(next.error)}`);
  tally.same('the answer with room again', next.output, numbers(AFTERWARDS));
  await instance.stop();
  disk.remove();
  await instance.cleanup({ remove: true });
}

/** A command that needs hardly any room: it may still find some, or is refused. */
async function small(tally: Tally, instance: InstanceInterface, where: string): Promise<void> {
  const answer = await within(STEP_MS, `a command ${where}`, readAnswer(instance.sendCommand('echo small')));
  const outcome = outcomeOf(answer);
  tally.count(`${outcome} ${where}`);
  tally.check(
    outcome === 'completed' ? answer.text === 'small\n' : outcome === 'CCB_DISK_FULL',
    `${where}: ${outcome}`,
  );
  tally.beginning(`the text ${where}`, answer.text, 'small\n');
}

async function historyOf(instance: InstanceInterface, id: string): Promise<string> {
  let text = '';
  for await (const entry of instance.history({ signal: AbortSignal.timeout(STEP_MS) })) {
    if (entry.commandId === id && entry.type === 'text' && entry.late !== true) text += entry.text;
  }
  return text;
}

interface SmallDisk {
  /** Takes all the room that is left. */
  fill(): void;
  /** Gives that back, and more. */
  grow(): void;
  /** Idempotent. */
  remove(): void;
}

function mountSmall(directory: string, bytes: number): SmallDisk {
  const ballast = join(directory, 'ballast');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  mount('mount', '-t', 'tmpfs', '-o', `size=${bytes},mode=0700`, 'ccb-campaign', directory);
  let mounted = true;
  return {
    fill() {
      for (let piece = 256 * 1024; piece >= 4096; ) {
        try {
          appendFileSync(ballast, Buffer.alloc(piece));
        } catch {
          piece /= 2;
        }
      }
    },
    grow() {
      rmSync(ballast, { force: true });
      mount('mount', '-o', `remount,size=${64 * MIB}`, directory);
    },
    remove() {
      if (!mounted) return;
      mounted = false;
      // Lazily: an agent that would not end may still be in it.
      mount('umount', '-l', directory);
    },
  };
}

function mount(command: 'mount' | 'umount', ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`);
}

function numbers(last: number): string {
  return Array.from({ length: last }, (_, i) => `${i + 1}\n`).join('');
}
