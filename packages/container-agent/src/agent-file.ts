/** The bundled agent, one file, Node >= 18: mount it, copy it, spawn it. `node agent.cjs SETTINGS.json`. */
export const agentFile: URL = new URL('../dist/agent.cjs', import.meta.url);

/** The same with what the Agent Client Protocol needs, which would cost every other program time at its start. */
const acpAgentFile: URL = new URL('../dist/agent-acp.cjs', import.meta.url);

/** The agent that can drive a program. */
export function agentFileFor(program: string): URL {
  return program === 'acp' ? acpAgentFile : agentFile;
}
