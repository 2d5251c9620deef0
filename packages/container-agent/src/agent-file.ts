/** The bundled agent, one file, Node >= 18: mount it, copy it, spawn it. `node agent.mjs SETTINGS.json`. */
export const agentFile: URL = new URL('../dist/agent.mjs', import.meta.url);
