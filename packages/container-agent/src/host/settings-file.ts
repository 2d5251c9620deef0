import { renameSync, writeFileSync } from 'node:fs';
import { type AgentSettings, parseSettings } from '../agent/settings.ts';

/** Writes what an agent is started with, atomically, readable by its owner alone. @throws {TypeError} naming the field */
export function writeSettings(path: string, settings: AgentSettings): void {
  parseSettings(settings);
  const next = `${path}.new`;
  writeFileSync(next, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
  renameSync(next, path);
}
