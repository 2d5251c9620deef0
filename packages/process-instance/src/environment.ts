const KEPT = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LANGUAGE', 'TZ', 'TMPDIR'];

/**
 * The program's environment: built from nothing, with what any program expects (paths, user, language), and nothing
 * else of the caller's. Tokens and keys in the caller's environment stay there; what the program needs is named by `env`.
 */
export function programEnvironment(from: NodeJS.ProcessEnv = process.env): Readonly<Record<string, string>> {
  const env: Record<string, string> = { TERM: 'dumb' };
  for (const [name, value] of Object.entries(from)) {
    if (value !== undefined && (KEPT.includes(name) || name.startsWith('LC_'))) env[name] = value;
  }
  return env;
}
