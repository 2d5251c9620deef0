const kept = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LANGUAGE', 'TZ', 'TMPDIR'];

/**
 * The program's environment: built from nothing, with what any program expects (paths, user, language), and nothing
 * else of the caller's. TERM is tmux's.
 */
export function programEnvironment(from: NodeJS.ProcessEnv = process.env): Readonly<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(from)) {
    if (value !== undefined && (kept.includes(name) || name.startsWith('LC_'))) env[name] = value;
  }
  return env;
}
