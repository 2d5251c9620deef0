import type { PermissionAnswer, PermissionRequest } from '@ccb/instance-interface';

/** The world as the program sees it, while it runs one command. */
export interface ProgramWorld {
  /** Aborts when the command is to end. */
  readonly interrupted: AbortSignal;
  /** Resolves when there is room for more. */
  write(stream: 'stdout' | 'stderr', text: string): Promise<void>;
  ask(request: PermissionRequest): Promise<PermissionAnswer>;
  /** A child that outlives the command. */
  background(child: (write: (text: string) => void) => void): void;
}

const interruptedStatus = 130;
const linesInAPiece = 1000;

/** A program that understands `memoryCommands`, and remembers what it was told. */
export class MemoryProgram {
  readonly conversation: string[];

  /** @param conversation what an earlier life of the program was told */
  constructor(conversation: readonly string[] = []) {
    this.conversation = [...conversation];
  }

  /** @returns the exit status */
  async run(text: string, world: ProgramWorld): Promise<number> {
    const earlier = [...this.conversation];
    this.conversation.push(text);
    const [, word, rest = ''] = /^(\S+)(?: ([\s\S]*))?$/.exec(text) ?? [];
    switch (word) {
      case 'echo':
        return this.echo(rest, world);
      case 'lines':
        return this.lines(Number(rest), world);
      case 'fail':
        return Number(rest);
      case 'hang':
        return this.hang(world);
      case 'stderr':
        return this.stderr(rest, world);
      case 'read-stdin':
        return this.echo('eof\n', world);
      case 'background':
        return this.background(world);
      case 'ask':
        return this.ask(world);
      case 'recall':
        return this.echo(earlier.map((line) => `${line}\n`).join(''), world);
      default:
        await world.write('stderr', `${word}: not found`);
        return 127;
    }
  }

  protected async echo(text: string, world: ProgramWorld): Promise<number> {
    await world.write('stdout', text);
    return 0;
  }

  protected async stderr(text: string, world: ProgramWorld): Promise<number> {
    await world.write('stderr', text);
    return 0;
  }

  protected async lines(count: number, world: ProgramWorld): Promise<number> {
    const most = Math.min(linesInAPiece, Math.max(1, Math.ceil(count / 2)));
    for (let from = 1; from <= count; from += most) {
      if (world.interrupted.aborted) return interruptedStatus;
      const length = Math.min(most, count - from + 1);
      await world.write('stdout', Array.from({ length }, (_, index) => `${from + index}\n`).join(''));
    }
    return 0;
  }

  protected async hang(world: ProgramWorld): Promise<number> {
    await world.write('stdout', 'begun\n');
    await whenAborted(world.interrupted);
    return interruptedStatus;
  }

  protected async background(world: ProgramWorld): Promise<number> {
    world.background((write) => write('late\n'));
    await world.write('stdout', 'left\n');
    return 0;
  }

  protected async ask(world: ProgramWorld): Promise<number> {
    const answer = await world.ask({
      requestId: `request-${this.conversation.length}`,
      toolCall: { title: 'touch asked', kind: 'execute', status: 'pending' },
      options: [
        { optionId: 'yes', name: 'Yes', kind: 'allow_once' },
        { optionId: 'no', name: 'No', kind: 'reject_once' },
      ],
    });
    if (world.interrupted.aborted) return interruptedStatus;
    const allowed = typeof answer === 'object' ? answer.optionId === 'yes' : answer === 'allow_once';
    return this.echo(allowed ? 'allowed' : 'denied', world);
  }
}

/** Resolves when it aborts. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
