/** What Claude Code says about one prompt: that it has it, that it begins with it, that it is done with it. */
export type TurnMark = 'queued' | 'begun' | 'done';

/** @returns what a line says about the prompt with this uuid, besides its content */
export function turnMark(line: string, uuid: string): TurnMark | undefined {
  // Almost no line does, and many are long.
  if (!line.includes(uuid)) return undefined;
  let message: Readonly<Record<string, unknown>>;
  try {
    message = JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
  if (message.type === 'command_lifecycle' && message.command_uuid === uuid) {
    if (message.state === 'queued') return 'queued';
    return message.state === 'started' ? 'begun' : 'done';
  }
  if (message.type === 'user' && message.isReplay === true && message.uuid === uuid) return 'begun';
  const prompts = message.user_message_uuids;
  return message.type === 'system' && Array.isArray(prompts) && prompts.includes(uuid) ? 'begun' : undefined;
}
