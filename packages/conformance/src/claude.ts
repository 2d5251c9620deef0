export { type FakeApiEnvironmentOptions, fakeApiEnvironment } from './claude/fake-api/environment.ts';
export type { ApiRequest, WhenRequestedOptions } from './claude/fake-api/request-log.ts';
export { type FakeApi, type FakeApiOptions, startFakeApi } from './claude/fake-api/server.ts';
export { type Fault as FakeClaudeFault, faultNames as fakeClaudeFaults } from './claude/fake-claude/faults.ts';
export { canIsolate, type IsolatedApi, type IsolatedApiOptions, startIsolatedApi } from './claude/isolated.ts';
export { type MountedApi, type MountedApiOptions, startMountedApi } from './claude/mounted.ts';
export { parsePrompt, planEntries, type Script, writtenText } from './claude/prompt.ts';
export { fakeApiFile, fakeClaudeFile } from './claude-files.ts';
