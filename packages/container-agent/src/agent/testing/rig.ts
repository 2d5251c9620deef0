import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { StallOptions } from '@ccb/instance-interface';
import type { Driver, DriverContext } from '../../drivers/driver.ts';
import type { Journal, JournalOptions } from '../../journal/journal.ts';
import { freshDirectory, openJournal } from '../../journal/testing/directory.ts';
import { readAll } from '../../journal/testing/lines.ts';
import type { ControlFrame, JournalFrame } from '../../protocol/frames.ts';
import { Flow } from '../flow.ts';
import type { AgentLog } from '../log.ts';
import { Outbox } from '../outbox.ts';
import { ProgramFile } from '../program-record.ts';
import type { Refusal } from '../refusal.ts';
import { Sender } from '../sender.ts';
import { Supervisor } from '../supervisor.ts';
import { Turns } from '../turns.ts';
import { RecordingOutlet } from './recording-outlet.ts';
import { ScriptedDriver } from './scripted-driver.ts';

export const quiet: AgentLog = () => {};

export interface RigOptions {
  readonly journal?: JournalOptions;
  readonly directory?: string;
  readonly maxLagBytes?: number;
  readonly stall?: StallOptions;
}

/** The parts of an agent around one scripted program, on a real journal. */
export class Rig {
  readonly directory: string;
  readonly journal: Journal;
  readonly sender: Sender;
  readonly outlet: RecordingOutlet = new RecordingOutlet();
  readonly flow: Flow;
  readonly outbox: Outbox;
  readonly supervisor: Supervisor;
  readonly driver: ScriptedDriver;
  readonly turns: Turns;
  readonly refusals: { readonly id: string; readonly code: string; readonly message: string }[] = [];
  readonly logged: string[] = [];
  /** Hears what the holder is told outside the journal. */
  tell: (frame: ControlFrame) => void = () => {};

  constructor(options: RigOptions = {}) {
    this.directory = options.directory ?? freshDirectory();
    this.journal = openJournal(this.directory, options.journal);
    const { journal } = this;
    const log: AgentLog = (_level, event) => this.logged.push(event);
    this.sender = new Sender(journal, log);
    this.sender.attach(this.outlet, journal.lastSeq);
    this.flow = new Flow(journal, options.maxLagBytes ?? Number.POSITIVE_INFINITY, () => this.driver);
    const refuse = (id: string, { code, message }: Refusal): void => void this.refusals.push({ id, code, message });
    this.outbox = new Outbox(journal, this.sender, {
      committed: () => this.flow.update(),
      full: () => this.turns.diskFull(),
      endLost: (id, error) => void this.refusals.push({ id, code: 'end lost', message: String(error) }),
    });
    const made: ScriptedDriver[] = [];
    const make = (context: DriverContext): Driver => {
      const driver = new ScriptedDriver(context);
      made.push(driver);
      return driver;
    };
    const state = dirname(this.directory);
    mkdirSync(state, { recursive: true });
    const context = { workspace: state, env: {}, directory: state, memory: state, args: [], endStrays: () => {} };
    this.supervisor = new Supervisor(make, context, new ProgramFile(state), log);
    this.driver = made[0] as ScriptedDriver;
    const { outbox, supervisor, flow } = this;
    const tell = (frame: ControlFrame): void => this.tell(frame);
    this.turns = new Turns({ journal, outbox, supervisor, flow, log, refuse, tell, stall: options.stall });
  }

  command(id: string, text = 'text', timeoutMs?: number): { readonly beginSeq: number } | undefined {
    return this.turns.submit({ type: 'command', id, text, timeoutMs });
  }

  /** What the journal holds. */
  get frames(): readonly JournalFrame[] {
    return parse(readAll(this.journal));
  }

  /** What went out. */
  get sent(): readonly JournalFrame[] {
    return parse(this.outlet.bytes);
  }

  end(id: string): Extract<JournalFrame, { type: 'end' }> | undefined {
    const frame = this.frames.find((each) => each.type === 'end' && each.id === id);
    return frame?.type === 'end' ? frame : undefined;
  }
}

/** Lets promises and next ticks run, timers not. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => process.nextTick(resolve));
}

function parse(lines: Buffer): readonly JournalFrame[] {
  const text = lines.toString();
  return text === ''
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as JournalFrame);
}
