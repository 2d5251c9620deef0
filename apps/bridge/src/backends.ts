import { type Backend, InstanceError } from '@ccb/instance-interface';
import { defaultHome, processBackend, programNames } from '@ccb/process-instance';
import { isInstalled } from './program.ts';

/** What this build of ccb can start. The one place that chooses. */
export interface Backends {
  /** Where instances live. Absolute. */
  readonly home: string;
  /** Programs that can be driven. */
  readonly programs: readonly string[];
  /** Only what is needed is loaded. @throws {InstanceError} CCB_BACKEND_UNKNOWN */
  load(type: string): Promise<Place>;
}

/** A backend, and what ccb has to know of it. */
interface Place {
  readonly backend: Backend;
  /** For people: `process`, `docker, ccb/claude`. */
  describe(image: string | undefined): string;
  /** Is Claude Code there, as far as can be told without asking anybody? */
  hasClaude(image: string | undefined): boolean;
  /** false: the program can reach whatever the caller can. */
  readonly contained: boolean;
  /** How long the way out may take, in ms. */
  readonly endMs: number;
}

const LOADERS: Readonly<Record<string, (home: string) => Place | Promise<Place>>> = {
  process: (home) => ({
    backend: processBackend({ home }),
    describe: () => 'process',
    hasClaude: () => isInstalled('claude', process.env.PATH),
    contained: false,
    endMs: 5_000,
  }),
  docker: async (home) => {
    const { defaultImage, dockerBackend, isDefaultImage } = await import('@ccb/docker-instance');
    return {
      backend: dockerBackend({ home }),
      describe: (image = defaultImage) => `docker, ${image}`,
      hasClaude: (image = defaultImage) => isDefaultImage(image),
      contained: true,
      endMs: 15_000,
    };
  },
  tmux: async (home) => {
    const { tmuxBackend } = await import('@ccb/tmux-instance');
    return {
      backend: tmuxBackend({ home }),
      describe: () => 'tmux',
      hasClaude: () => isInstalled('claude', process.env.PATH),
      contained: false,
      endMs: 5_000,
    };
  },
};

export function loadBackends(home: string = defaultHome(process.env)): Backends {
  return {
    home,
    programs: programNames,
    async load(type) {
      const loader = LOADERS[type];
      if (loader !== undefined) return await loader(home);
      const advice = `Leave --backend out, or choose one of: ${Object.keys(LOADERS).join(', ')}.`;
      throw new InstanceError('CCB_BACKEND_UNKNOWN', `This build of ccb has no backend "${type}". ${advice}`);
    },
  };
}
