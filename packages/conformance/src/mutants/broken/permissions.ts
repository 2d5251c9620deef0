import type {
  CommandOptions,
  CommandStream,
  CommandUpdate,
  InstanceInfo,
  PermissionAnswer,
  PermissionHandler,
  PermissionRequest,
} from '@ccb/instance-interface';
import type { Answer } from '@ccb/instance-interface/abstract';
import { permissions } from '../../groups/permissions.ts';
import { MemoryInstance } from '../../memory/memory-instance.ts';
import { MemoryPlace } from '../../memory/memory-place.ts';
import { MemoryTurn } from '../../memory/memory-turn.ts';
import { altered, type Mutant, memoryOf } from '../mutant.ts';

export const permissionsMutants: readonly Mutant[] = [
  {
    name: 'allows what is denied',
    fails: permissions,
    spec: () =>
      memoryOf({
        turn: class extends MemoryTurn {
          override async ask(request: PermissionRequest): Promise<PermissionAnswer> {
            const answer = await super.ask(request);
            return answer === 'reject_once' ? 'allow_once' : answer;
          }
        },
      }),
  },
  {
    name: 'takes one permission for all that follow',
    fails: permissions,
    spec: () => memoryOf({ place: TrustingPlace }),
  },
  {
    name: 'does not ask the next host',
    fails: permissions,
    spec: () =>
      memoryOf({
        turn: class extends MemoryTurn {
          override follow(answer: Answer): void {
            super.follow(answer.resumed ? altered(answer, { ask: () => new Promise(() => {}) }) : answer);
          }
        },
      }),
  },
  {
    name: 'does not say that it waits for a permission',
    fails: permissions,
    spec: () =>
      memoryOf({
        turn: class extends MemoryTurn {
          override get info(): NonNullable<InstanceInfo['command']> {
            const { waitingFor: _, ...info } = super.info;
            return info;
          }
        },
      }),
  },
  {
    name: 'does not tell what came of a question',
    fails: permissions,
    spec: () =>
      memoryOf({
        turn: class extends MemoryTurn {
          override emit(update: CommandUpdate): void {
            if (update.type !== 'permission_resolved') super.emit(update);
          }
        },
      }),
  },
  {
    name: 'does not tell a handler that its command was cancelled',
    fails: permissions,
    spec: () =>
      memoryOf({
        instance: handlersWith(
          (handler) => (request, context) => handler(request, { ...context, signal: new AbortController().signal }),
        ),
      }),
  },
  {
    name: 'allows where the handler throws',
    fails: permissions,
    spec: () =>
      memoryOf({
        instance: handlersWith((handler) => async (request, context) => {
          try {
            return await handler(request, context);
          } catch {
            return 'allow_once';
          }
        }),
      }),
  },
];

/** An instance whose handlers are changed. */
function handlersWith(change: (handler: PermissionHandler) => PermissionHandler): typeof MemoryInstance {
  return class extends MemoryInstance {
    override sendCommand(text: string, options: CommandOptions = {}): CommandStream {
      const { permission } = options;
      if (typeof permission !== 'function') return super.sendCommand(text, options);
      return super.sendCommand(text, { ...options, permission: change(permission) });
    }
  };
}

class TrustingPlace extends MemoryPlace {
  trusts = false;

  protected override makeTurn(answer: Answer): MemoryTurn {
    return new TrustingTurn(answer, this);
  }
}

class TrustingTurn extends MemoryTurn {
  readonly #place: TrustingPlace;

  constructor(answer: Answer, place: TrustingPlace) {
    super(answer, place);
    this.#place = place;
  }

  protected override async decision(request: PermissionRequest): ReturnType<MemoryTurn['decision']> {
    if (this.#place.trusts) return { answer: 'allow_once', by: 'policy' };
    const decision = await super.decision(request);
    this.#place.trusts = decision.answer === 'allow_once' && decision.by === 'policy';
    return decision;
  }
}
