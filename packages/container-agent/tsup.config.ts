import { defineConfig } from 'tsup';

export default defineConfig([
  {
    entry: ['src/index.ts'],
    format: ['esm'],
    removeNodeProtocol: false,
    target: 'node20',
    dts: false,
    sourcemap: true,
    clean: true,
  },
  {
    // The agent runs where there is no node_modules: one file, everything inlined, Node 18 and later.
    entry: { agent: 'src/agent/main.ts' },
    format: ['esm'],
    outExtension: () => ({ js: '.mjs' }),
    removeNodeProtocol: false,
    target: 'node18',
    platform: 'node',
    noExternal: [/.*/],
    splitting: false,
    minify: true,
    dts: false,
    sourcemap: false,
    clean: false,
  },
]);
