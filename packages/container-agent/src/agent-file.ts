/** The bundled agent, one file, Node >= 18: mount it, copy it, spawn it. `node agent.cjs SETTINGS.json`. */
export const agentFile: URL = new URL('../dist/agent.cjs', import.meta.url);
