/** Where things of an instance are, as the container of its own sees them. */
export interface ContainerPaths {
  readonly root: string;
  readonly agentDirectory: string;
  readonly agentFile: string;
  readonly settings: string;
  readonly pipesDirectory: string;
  readonly state: string;
  readonly home: string;
  readonly workspace: string;
  /** Of the agent, for relays. */
  readonly socket: string;
}

/** `root`: `/ccb` in a container of ours. */
export function containerPaths(root: string, socket: string, workspace: string = '/workspace'): ContainerPaths {
  return {
    root,
    agentDirectory: `${root}/agent`,
    agentFile: `${root}/agent/agent.cjs`,
    settings: `${root}/agent/settings.json`,
    pipesDirectory: `${root}/pipes`,
    state: `${root}/state`,
    home: `${root}/home`,
    workspace,
    socket,
  };
}
