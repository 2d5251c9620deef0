import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DockerContainer } from '../docker-container.ts';
import { docker, Sandbox } from '../testing/sandbox.ts';

describe.each(['fifo', 'exec'] as const)('a command over %s', (transport) => {
  let sandbox: Sandbox;
  let box: DockerContainer;
  beforeAll(async () => {
    sandbox = await Sandbox.make();
    box = await sandbox.create(`send-${transport}`, { transport, env: { TOKEN: 'send-secret' } });
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());

  test('starts the container, and its output comes as it is written', async () => {
    const stream = box.sendCommand('mkfifo go; echo one; read x < go; echo two; echo no >&2; (exit 3)');
    let text = '';
    for await (const piece of stream) {
      text += piece;
      if (text === 'one\n') await docker('exec', `ccb-send-${transport}`, 'sh', '-c', 'echo > /workspace/go');
    }
    expect(text).toBe('one\ntwo\n');
    expect(await stream.result).toMatchObject({ success: false, exitCode: 3, outputBytes: 8, completedBy: 'program' });
  });

  test('keeps its shell: directory, variables, and the secrets that no engine was told', async () => {
    await box.sendCommandAndWait('cd /usr; x=5');
    expect(await box.sendCommandAndWait('pwd; echo $x $TOKEN')).toMatchObject({ output: '/usr\n5 send-secret\n' });
    expect(await docker('inspect', `ccb-send-${transport}`)).not.toContain('send-secret');
  });

  test('takes text of any shape, and gives back every byte', async () => {
    const text = `'"\\$\`!*?~#\t\u00e9\u{1f600}\n`.repeat(2_000);
    const { output } = await box.sendCommandAndWait(`cat <<'EOT'\n${text}EOT`);
    expect(output).toBe(text);
    const size = 5_000_000;
    const hash = createHash('sha256');
    const command = `head -c ${size} /dev/zero | tr '\\0' x`;
    for await (const piece of box.sendCommand(command)) hash.update(piece);
    expect(hash.digest('hex')).toBe(createHash('sha256').update('x'.repeat(size)).digest('hex'));
    expect(await box.sendCommandAndWait(command, { maxOutputBytes: 1_000 })).toMatchObject({ truncated: true });
  });

  test('an id is run once; seen again it is replayed, and with another text refused', async () => {
    const first = await box.sendCommandAndWait('echo once >> ~/ran; echo said', { id: 'once' });
    const again = await box.sendCommandAndWait('echo once >> ~/ran; echo said', { id: 'once' });
    expect(again.output).toBe(first.output);
    expect(await box.sendCommandAndWait('cat ~/ran')).toMatchObject({ output: 'once\n' });
    await expect(box.sendCommand('echo other', { id: 'once' }).result).rejects.toMatchObject({
      code: 'CCB_ID_CONFLICT',
    });
  });

  test('ends by its deadline, by being cancelled and by leaving its output, in the program too', async () => {
    expect(await box.sendCommandAndWait('sleep 301', { timeoutMs: 200 })).toMatchObject({ status: 'timeout' });
    const cancelled = box.sendCommand('echo begun; sleep 302');
    for await (const _ of cancelled) break;
    expect(await cancelled.result).toMatchObject({ status: 'cancelled' });
    expect(await box.sendCommandAndWait('pgrep -f "sleep 30[12]" || echo none')).toMatchObject({ output: 'none\n' });
  });
});
