import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { agentFile } from '@ccb/container-agent';
import { build } from 'tsup';
import type { Sandbox } from './sandbox.ts';

/** What bundled CommonJS modules take for granted. */
const COMMON_JS = [
  "import { createRequire } from 'node:module';",
  'const require = createRequire(import.meta.url);',
  'const __dirname = import.meta.dirname;',
].join('\n');

const made = new WeakMap<Sandbox, Promise<void>>();

/**
 * The path of a child program as plain JavaScript: what it weighs and how long it takes to start are then its own, not
 * those of a TypeScript loader.
 */
export async function childProgram(
  sandbox: Sandbox,
  name: 'bridge' | 'hammer' | 'neighbour' | 'slow-reader',
): Promise<string> {
  const directory = join(sandbox.home, 'programs', 'bin');
  let making = made.get(sandbox);
  if (making === undefined) {
    making = make(directory);
    made.set(sandbox, making);
  }
  await making;
  return join(directory, `${name}.mjs`);
}

async function make(outDir: string): Promise<void> {
  const source = (name: string): string => fileURLToPath(new URL(`./children/${name}.ts`, import.meta.url));
  // A program that makes instances looks for the agent where its package has it.
  const dist = join(outDir, '..', 'dist');
  mkdirSync(dist, { recursive: true });
  copyFileSync(fileURLToPath(agentFile), join(dist, 'agent.cjs'));
  await build({
    config: false,
    silent: true,
    entry: {
      bridge: source('bridge'),
      hammer: source('hammer'),
      neighbour: source('neighbour'),
      'slow-reader': source('slow-reader'),
    },
    outDir,
    format: ['esm'],
    outExtension: () => ({ js: '.mjs' }),
    target: 'node20',
    platform: 'node',
    noExternal: [/^(?!.*\.node$)/],
    // Those who want these do without, too.
    external: [/\.node$/],
    banner: { js: COMMON_JS },
    removeNodeProtocol: false,
    splitting: false,
    esbuildOptions: (options) => {
      options.conditions = ['@ccb/source'];
    },
  });
}
