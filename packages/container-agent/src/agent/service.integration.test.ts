import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Journal } from '../journal/journal.ts';
import { beginLine, put } from '../journal/testing/lines.ts';
import { AgentPlace } from './testing/agent-place.ts';

test('an agent with a log file says nothing on stderr', async () => {
  await using place = new AgentPlace();
  const agent = await place.start();
  let stderr = '';
  agent.child.stderr?.on('data', (text) => {
    stderr += text;
  });
  const closed = once(agent.child, 'close');
  agent.child.kill('SIGTERM');
  await closed;
  expect(stderr).toBe('');
  expect(readFileSync(place.log, 'utf8')).toMatch(/"agent.started"[\s\S]*"agent.ended"/);
});

test('what is wrong before there is a log stands on stderr', async () => {
  await using place = new AgentPlace();
  const missing = await place.run(join(place.root, 'none.json'));
  expect(missing).toMatchObject({ code: 70, stdout: '', stderr: expect.stringContaining('none.json') });
  expect(await place.run('--what')).toMatchObject({ code: 2, stderr: expect.stringContaining('usage: ') });
});

test('what the host knows of the end of the last agent stands in the message of the commands that died with it', async () => {
  await using place = new AgentPlace();
  const journal = Journal.open(join(place.state, 'journal'));
  put(journal, beginLine(1, 'lost', 'echo'));
  journal.close();
  await place.start({ previousEnd: 'the container ended: exit 137, out of memory' });
  const client = await place.client(place.relay());
  expect(await client.resume('lost').result).toMatchObject({
    error: {
      code: 'CCB_AGENT_LOST',
      message: expect.stringContaining('while the command ran (the container ended: exit 137, out of memory); how far'),
    },
  });
});

test('an agent whose host stays away ends with all that it started, and leaves the files to the host', async () => {
  await using place = new AgentPlace();
  const agent = await place.start({ ephemeral: { hostGoneMs: 300 } });
  const one = await place.client(place.relay());
  const running = one.run('echo $$; sleep 300');
  running.result.catch(() => undefined);
  const pid = await running.text({ cancelOnReturn: false })[Symbol.asyncIterator]().next();
  // An observer is no host.
  await place.client(place.relay('--observe'), { observe: true });
  await one.close();
  expect(await agent.exit).toBe(0);
  expect(existsSync(`/proc/${String(pid.value).trim()}`)).toBe(false);
  expect(existsSync(place.log)).toBe(true);
  expect(existsSync(place.socket)).toBe(false);
});

test('a host that comes back in time keeps it', async () => {
  await using place = new AgentPlace();
  const agent = await place.start({ ephemeral: { hostGoneMs: 3_000 } });
  for (let i = 0; i < 3; i += 1) {
    const relay = place.relay();
    const one = await place.client(relay);
    expect(await one.run('echo').result).toMatchObject({ success: true });
    await one.close();
    await relay.exit;
  }
  expect(agent.child.exitCode).toBeNull();
});
