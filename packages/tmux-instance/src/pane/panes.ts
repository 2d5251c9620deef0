import type { Call } from '@ccb/instance-interface/abstract';
import type { Control } from '../control/control.ts';

/** A pane that carries a label of ours. */
export interface FoundPane {
  readonly id: string;
  readonly instanceId: string;
  readonly session: string;
  /** Its process has ended. */
  readonly dead: boolean;
}

/** All panes of the server that carry a label of ours. */
export async function labelledPanes(control: Control, call?: Call): Promise<readonly FoundPane[]> {
  const format = '#{pane_id} #{pane_dead} #{session_name} #{@ccb}';
  const [lines = []] = await control.run([['list-panes', '-a', '-F', format]], call);
  return lines.flatMap((line) => {
    const [id = '', dead, session = '', instanceId = ''] = line.split(' ');
    return instanceId === '' ? [] : [{ id, instanceId, session, dead: dead === '1' }];
  });
}

/** What is known of a pane that a person names. */
export interface NamedPane {
  readonly id: string;
  readonly dead: boolean;
  /** Somebody's output pipe is on it. */
  readonly piped: boolean;
  readonly instanceId: string;
}

/** The active pane of a session; undefined: there is no such session. */
export async function paneOfSession(control: Control, session: string, call?: Call): Promise<NamedPane | undefined> {
  const format = '#{session_name}\t#{window_active}#{pane_active}\t#{pane_id}\t#{pane_dead}\t#{pane_pipe}\t#{@ccb}';
  const [lines = []] = await control.run([['list-panes', '-a', '-F', format]], call);
  for (const line of lines) {
    const [name, active, id = '', dead, piped, instanceId = ''] = line.split('\t');
    if (name === session && active === '11') return { id, dead: dead === '1', piped: piped === '1', instanceId };
  }
  return undefined;
}

/** The pane of an instance. */
export async function findPane(control: Control, instanceId: string, call?: Call): Promise<FoundPane | undefined> {
  return (await labelledPanes(control, call)).find((pane) => pane.instanceId === instanceId);
}
