export type { Commands } from './commands.ts';
export { defineConformance } from './define.ts';
export { claudeCommands } from './dialects/claude-commands.ts';
export { shellCommands } from './dialects/shell-commands.ts';
export type { TestRunner } from './runner.ts';
export { shareOf } from './share.ts';
export type { ConformanceSpec, Faults } from './spec.ts';
