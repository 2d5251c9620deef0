import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openObserverChannel } from '../host/observer-channel.ts';
import { AgentPlace } from './testing/agent-place.ts';

/** A user of the container: not root, and no owner of the pipes. */
const USER = 1000;

const mountReadOnly =
  'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && ! touch "$1/x" 2>/dev/null && shift && exec "$@"';
const inNamespace = (directory: string): readonly string[] => [
  'unshare',
  '-m',
  'sh',
  '-c',
  mountReadOnly,
  'sh',
  directory,
];
const asUser = ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'];

const [unshare = '', ...rest] = inNamespace(import.meta.dirname);
const possible =
  process.getuid?.() === 0 &&
  [[unshare, [...rest, 'true']] as const, [asUser[0] ?? '', [...asUser.slice(1), 'true']] as const].every(
    ([file, args]) => spawnSync(file, args, { timeout: 10_000 }).status === 0,
  );

describe.runIf(possible)("where the pipes are root's, on a read-only mount,", () => {
  test.each([
    ['root', [] as readonly string[]],
    [`user ${USER}`, asUser],
  ])('an agent of %s serves the holder and an observer, and leaves the FIFOs', async (_who, change) => {
    await using place = new AgentPlace();
    await place.makePipes();
    const pipes = dirname(place.pipes);
    if (change.length > 0) give(place);
    const agent = await place.start({ pipes: place.pipes, socket: undefined }, [...inNamespace(pipes), ...change]);
    const one = await place.pipeClient();
    let said = '';
    for await (const text of one.run('id -u; echo')) said += text;
    expect(said).toBe(`${change.length > 0 ? USER : 0}\n\n`);

    const channel = await openObserverChannel(place.pipes, AbortSignal.timeout(10_000));
    await channel.whenUp({ timeoutMs: 5_000 });
    await channel.close();
    await one.close();
    const two = await place.pipeClient();
    expect(await two.run('echo').result).toMatchObject({ success: true });
    agent.child.kill('SIGTERM');
    expect(await agent.exit).toBe(0);
    expect(readdirSync(pipes).sort()).toEqual(['box.ctl.fifo', 'box.in.fifo', 'box.out.fifo']);
  });
});

/** What a host does for a container whose user is another: state is that user's, the pipes stay root's, and their group may use them. */
function give(place: AgentPlace): void {
  const pipes = dirname(place.pipes);
  chmodSync(place.root, 0o755);
  chownSync(pipes, 0, USER);
  // FIFOs that observers make there get the group too.
  chmodSync(pipes, 0o2750);
  for (const name of readdirSync(pipes)) chownSync(join(pipes, name), 0, USER);
  chownSync(place.state, USER, USER);
  place.user = USER;
}
