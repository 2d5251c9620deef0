import { writeSync } from 'node:fs';

export type AgentLog = (
  level: 'debug' | 'info' | 'warn' | 'error',
  event: string,
  fields?: Readonly<Record<string, unknown>>,
) => void;

/** One JSON line an entry on stderr, which the host points at `agent.log` (a container: at the engine's log). */
export function stderrLog(name: string): AgentLog {
  return (level, event, fields) => {
    const line = `${JSON.stringify({ at: new Date().toISOString(), level, event, instance: name, ...fields })}\n`;
    try {
      writeSync(2, line);
    } catch {
      // A full disk or a closed terminal must not end the agent.
    }
  };
}
