/** The environment of a server of ours, which every pane starts from: nothing of the caller's but where things are. */
export function serverEnvironment(from: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const { PATH = '/usr/local/bin:/usr/bin:/bin', HOME = '/' } = from;
  // Without a UTF-8 language tmux shows every other character as an underscore.
  return { PATH, HOME, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', SHELL: '/bin/sh', TERM: 'screen-256color' };
}
