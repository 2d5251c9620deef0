import type { Launch } from '../programs/program.ts';

/** What a launcher evaluates: environment, working directory, arguments, the nonce of its marks. */
export function launchScript({ env, cwd, argv }: Launch, nonce: string): string {
  const lines = Object.entries(env).map(([name, value]) => `export ${name}=${shellQuoted(value)}`);
  const failed = `{ printf '\\033]133;X;126;k=%s\\007' ${nonce}; exec sleep 2147483647; }`;
  return [
    ...lines,
    `cd -- ${shellQuoted(cwd)} || ${failed}`,
    `ccb_nonce=${nonce}`,
    `set -- ${argv.map(shellQuoted).join(' ')}`,
    '',
  ].join('\n');
}

/** For any POSIX shell. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
