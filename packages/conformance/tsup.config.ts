import { defineConfig } from 'tsup';

export default defineConfig([
  {
    entry: ['src/index.ts', 'src/claude.ts'],
    format: ['esm'],
    removeNodeProtocol: false,
    target: 'node20',
    dts: false,
    sourcemap: true,
    clean: false,
  },
  {
    // Programs of their own: they run where there is no node_modules, on Node 18 and later.
    entry: { 'fake-claude': 'src/claude/fake-claude/main.ts', 'fake-api': 'src/claude/fake-api/main.ts' },
    format: ['cjs'],
    outExtension: () => ({ js: '.cjs' }),
    banner: { js: '#!/usr/bin/env node' },
    removeNodeProtocol: false,
    target: 'node18',
    platform: 'node',
    noExternal: [/.*/],
    splitting: false,
    dts: false,
    sourcemap: false,
    clean: false,
  },
]);
