import type { Call } from '@ccb/instance-interface/abstract';
import type { Control } from '../control/control.ts';

/** A pane that carries a label of ours. */
export interface FoundPane {
  readonly id: string;
  readonly instanceId: string;
  readonly session: string;
  /** Its process has ended. */
  readonly dead: boolean;
  /** What its holder said of the command in flight. */
  readonly command: string;
}

/** All panes of the server that carry a label of ours. */
export async function labelledPanes(control: Control, call?: Call): Promise<readonly FoundPane[]> {
  const format = '#{pane_id} #{pane_dead} #{session_name} #{@ccb} #{@ccb_command}';
  const [lines = []] = await control.run([['list-panes', '-a', '-F', format]], call);
  return lines.flatMap((line) => {
    const [id = '', dead, session = '', instanceId = '', command = ''] = line.split(' ');
    return instanceId === '' ? [] : [{ id, instanceId, session, dead: dead === '1', command }];
  });
}

/** The pane of an instance. */
export async function findPane(control: Control, instanceId: string, call?: Call): Promise<FoundPane | undefined> {
  return (await labelledPanes(control, call)).find((pane) => pane.instanceId === instanceId);
}
