import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { PermissionAnswer, PermissionHandler, PermissionRequest } from '@ccb/instance-interface';
import { beforeEach, expect, test } from 'vitest';
import { describeClaude } from '../testing/claude.ts';
import { read } from '../testing/reading.ts';

/** A person who gives the same answer to everything. */
function person(answer: PermissionAnswer) {
  const asked: PermissionRequest[] = [];
  const handler: PermissionHandler = (request) => {
    asked.push(request);
    return answer;
  };
  return { asked, handler };
}

/** A person who is asked and never answers. */
function silent() {
  let ask: (request: PermissionRequest) => void = () => {};
  let forget: () => void = () => {};
  const asked = new Promise<PermissionRequest>((resolve) => {
    ask = resolve;
  });
  const forgotten = new Promise<void>((resolve) => {
    forget = resolve;
  });
  const handler: PermissionHandler = (request, { signal }) => {
    signal.addEventListener('abort', () => forget());
    ask(request);
    return new Promise(() => {});
  };
  return { asked, forgotten, handler };
}

describeClaude('permissions', (claude) => {
  const box = claude.shared();
  const wasDone = (): boolean => existsSync(join(claude.sandbox.workspace, 'ccb-asked'));
  beforeEach(() => rmSync(join(claude.sandbox.workspace, 'ccb-asked'), { force: true }));

  test('are denied where nobody is named', async () => {
    const reading = await read(box().sendCommand('ask'));
    expect(reading.text).toBe('denied');
    expect(reading.of('permission_request')).toMatchObject([{ toolCall: { title: 'Bash: touch ccb-asked' } }]);
    expect(reading.of('permission_resolved')).toMatchObject([{ by: 'policy', optionId: 'reject_once' }]);
    expect(await reading.stream.result).toMatchObject({ success: true });
    expect(wasDone()).toBe(false);
  });

  test('are given by a policy', async () => {
    const reading = await read(box().sendCommand('ask', { permission: 'allow' }));
    expect(reading.text).toBe('allowed');
    expect(reading.of('permission_resolved')).toMatchObject([{ by: 'policy', optionId: 'allow_once' }]);
    expect(wasDone()).toBe(true);
  });

  test('are asked of a person, who says no, then yes, and is asked each time', async () => {
    for (const [answer, output] of [
      ['reject_once', 'denied'],
      ['allow_once', 'allowed'],
      ['reject_once', 'denied'],
    ] as const) {
      const { asked, handler } = person(answer);
      const reading = await read(box().sendCommand('ask', { permission: handler }));
      expect(reading.text).toBe(output);
      expect(asked).toMatchObject([
        {
          toolCall: { title: 'Bash: touch ccb-asked', kind: 'execute', rawInput: { command: 'touch ccb-asked' } },
          options: expect.arrayContaining([expect.objectContaining({ kind: 'allow_always' })]),
        },
      ]);
      expect(asked[0]?.toolCall.toolCallId).toBe(reading.of('tool_call')[0]?.toolCallId);
      expect(reading.of('permission_resolved')).toMatchObject([{ by: 'handler', optionId: answer }]);
    }
  });

  test('of a host that let go are asked again of the one that follows, whose answer counts', async () => {
    const first = silent();
    await using one = await claude.create('box');
    const lost = one.sendCommand('ask', { id: 'a', permission: first.handler });
    lost.result.catch(() => {});
    const question = await first.asked;
    expect((await one.getInfo()).command).toMatchObject({ id: 'a', waitingFor: 'permission' });
    await one.detach();
    await first.forgotten;
    await expect(lost.result).rejects.toMatchObject({ code: 'CCB_CLOSED' });

    const two = await claude.open(one.record);
    const { asked, handler } = person('allow_once');
    const reading = await read(two.resumeCommand('a', { permission: handler }));
    expect(asked).toEqual([question]);
    expect(reading.text).toBe('allowed');
    expect(reading.of('permission_resolved')).toMatchObject([{ by: 'handler' }]);
    expect(await reading.stream.result).toMatchObject({ success: true });
    expect(wasDone()).toBe(true);
    await two.cleanup({ remove: true });
  });

  test('end with their command, and the next one goes on', async () => {
    const { asked, forgotten, handler } = silent();
    const stream = box().sendCommand('ask', { permission: handler });
    await asked;
    expect(await box().interrupt()).toBe(true);
    await forgotten;
    expect(await stream.result).toMatchObject({ status: 'cancelled', error: { code: 'CCB_CANCELLED' } });
    expect(await box().sendCommandAndWait('say: on')).toMatchObject({ success: true, output: 'on' });
    expect(wasDone()).toBe(false);
  });

  test('that are given for ever are not asked for again', async () => {
    const { asked, handler } = person('allow_always');
    expect(await box().sendCommandAndWait('ask', { permission: handler })).toMatchObject({ output: 'allowed' });
    expect(await box().sendCommandAndWait('ask', { permission: handler })).toMatchObject({ output: 'allowed' });
    expect(asked).toHaveLength(1);
    expect(await box().sendCommandAndWait('ask', { permission: 'deny' })).toMatchObject({ output: 'allowed' });
  });
});
