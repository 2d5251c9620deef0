import { type Backend, InstanceError } from '@ccb/instance-interface';
import { InstanceManager } from '@ccb/instance-manager';
import { defaultHome, programNames } from '@ccb/process-instance';
import type { ForeignBackends } from './configuration/configuration.ts';
import { isInstalled } from './program.ts';

/** What this ccb can start, and the instances that there are. The one place that chooses. */
export interface Backends {
  /** Where instances live. Absolute. */
  readonly home: string;
  /** Programs that can be driven. */
  readonly programs: readonly string[];
  readonly manager: InstanceManager;
  /** Only what is needed is loaded. @throws {InstanceError} CCB_BACKEND_UNKNOWN */
  place(type: string): Promise<Place>;
}

/** What ccb has to know of a backend. */
interface Place {
  /** For people: `process`, `docker, ccb/claude`. */
  describe(image: string | undefined): string;
  /** Is Claude Code there, as far as can be told without asking anybody? */
  hasClaude(image: string | undefined): boolean;
  /** false: the program can reach whatever the caller can. */
  readonly contained: boolean;
  /** How long the way out may take, in ms. */
  readonly endMs: number;
}

type Loader = (home: string) => Backend | Promise<Backend>;

const LOADERS: Readonly<Record<string, Loader>> = {
  process: async (home) => (await import('@ccb/process-instance')).processBackend({ home }),
  docker: async (home) => (await import('@ccb/docker-instance')).dockerBackend({ home }),
  tmux: async (home) => (await import('@ccb/tmux-instance')).tmuxBackend({ home }),
};

const local = (type: string): Place => ({
  describe: () => type,
  hasClaude: () => isInstalled('claude', process.env.PATH),
  contained: false,
  endMs: 5_000,
});

const PLACES: Readonly<Record<string, () => Place | Promise<Place>>> = {
  process: () => local('process'),
  tmux: () => local('tmux'),
  docker: async () => {
    const { defaultImage, isDefaultImage } = await import('@ccb/docker-instance');
    return {
      describe: (image = defaultImage) => `docker, ${image}`,
      hasClaude: (image = defaultImage) => isDefaultImage(image),
      contained: true,
      endMs: 15_000,
    };
  },
};

export function loadBackends(
  home: string = defaultHome(process.env),
  { byType, file }: ForeignBackends = { byType: {}, file: '' },
): Backends {
  const foreign = Object.entries(byType).map(([type, { package: name }]) => ({
    type,
    load: async (): Promise<Backend> => {
      const { loadForeignBackend } = await import('./configuration/foreign-backend.ts');
      return await loadForeignBackend(type, name, file, home);
    },
  }));
  const own = Object.entries(LOADERS).map(([type, load]) => ({ type, load: () => load(home) }));
  const manager = new InstanceManager({ home, backends: [...own, ...foreign] });
  return {
    home,
    programs: programNames,
    manager,
    async place(type) {
      if (!manager.types.includes(type)) {
        const advice = `Leave --backend out, or choose one of: ${manager.types.join(', ')}.`;
        throw new InstanceError('CCB_BACKEND_UNKNOWN', `This ccb has no backend "${type}". ${advice}`);
      }
      // What somebody else's reaches, nobody here knows.
      return await (PLACES[type]?.() ?? { ...local(type), hasClaude: () => false, contained: true });
    },
  };
}
