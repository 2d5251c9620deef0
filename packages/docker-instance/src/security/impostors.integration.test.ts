import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DockerContainer } from '../docker-container.ts';
import { whyNoEngine } from '../engine/stream/testing/real-engine.ts';
import { intrude } from '../testing/intruder.ts';
import { leaksOf } from '../testing/leaks.ts';
import { processesOf } from '../testing/processes.ts';
import { Sandbox } from '../testing/sandbox.ts';

const absent = whyNoEngine();

/** What takes the place of the agent, in Node; its argument is the way to a pipe. Each ends by itself, should a test not end it. */
const stealSocket = `
  const socket = '/tmp/.ccb-agent.sock';
  require('fs').rmSync(socket, { force: true });
  require('net').createServer((host) => {
    host.on('error', () => {});
    host.on('data', () => host.write(Buffer.alloc(60_000, 'liar\\n')));
  }).listen(socket, () => console.log('ready'));
  setTimeout(() => process.exit(), 60_000);`;
const stealPipe = `
  const { O_RDONLY, O_NONBLOCK } = require('fs').constants;
  const fd = require('fs').openSync(process.argv[2], O_RDONLY | O_NONBLOCK);
  new (require('net').Socket)({ fd, readable: true, writable: false }).on('data', () => {});
  console.log('ready');
  setTimeout(() => process.exit(), 60_000);`;

describe.skipIf(absent !== undefined)(
  `a program in the place of its agent${absent ? ` (skipped: ${absent})` : ''}`,
  () => {
    let sandbox: Sandbox;
    beforeAll(async () => {
      sandbox = await Sandbox.make();
    });
    afterAll(() => sandbox[Symbol.asyncDispose]());

    /** Leaves it behind in the container, where it has begun. */
    async function infest(instance: DockerContainer, code: string, argument = ''): Promise<void> {
      await instance.start();
      await intrude(instance, `fs.writeFileSync('/ccb/home/intruder.cjs', args[0])`, code);
      const command = `mkfifo ~/ready; setsid node ~/intruder.cjs ${argument} > ~/ready 2> /dev/null & read -r _ < ~/ready`;
      expect(await instance.sendCommandAndWait(command, { timeoutMs: 10_000 })).toMatchObject({ success: true });
    }

    test.concurrent('at its socket: who comes by a relay is told within the deadline, and can clean up', async () => {
      const instance = await sandbox.create('socket', { transport: 'exec' });
      await infest(instance, stealSocket);
      // The relay that stands goes on to the agent.
      expect(await instance.sendCommandAndWait('echo works')).toMatchObject({ output: 'works\n' });
      await instance.detach();
      const started = performance.now();
      const next = await sandbox.open(instance.record, { timeoutMs: 2_000 });
      expect(next.state).toBe('unreachable');
      const { error } = await next.sendCommandAndWait('echo never', { timeoutMs: 500 });
      expect(error?.code).toBe('CCB_TIMEOUT');
      expect(await next.isRunning({ timeoutMs: 500 })).toBe(false);
      await next.cleanup({ remove: true });
      expect(performance.now() - started).toBeLessThan(20_000);
    });

    // Whether a word of the host's reaches the agent is chance then; what ends the instance needs none.
    test.concurrent('at its pipe, stealing what the host says: it can be cleaned up, and no command stays open', async () => {
      const instance = await sandbox.create('thief', { transport: 'fifo' });
      await infest(instance, stealPipe, '/ccb/pipes/thief.in.fifo');
      const results = Array.from({ length: 4 }, () => instance.sendCommandAndWait('echo heard'));
      const settled = Promise.allSettled(results);
      const started = performance.now();
      await instance.stop({ graceMs: 100 });
      await instance.cleanup({ remove: true });
      expect(performance.now() - started).toBeLessThan(20_000);
      await settled;
    });

    test.concurrent('with its lock: the agent goes on, the next one starts, and two never run', async () => {
      const instance = await sandbox.create('lock', {});
      const steal = 'rm /ccb/state/agent.lock; setsid flock /ccb/state/agent.lock sleep 60 > /dev/null 2>&1 &';
      expect(await instance.sendCommandAndWait(steal)).toMatchObject({ success: true });
      expect(await instance.sendCommandAndWait('echo works')).toMatchObject({ output: 'works\n' });
      // The thief lives no longer than the container.
      await instance.stop({ graceMs: 100 });
      expect(await instance.sendCommandAndWait('echo again')).toMatchObject({ output: 'again\n' });
      expect(await processesOf('ccb-lock', /^node \/ccb\/agent\/agent\.cjs/)).toHaveLength(1);
      await instance.cleanup({ remove: true });
    });

    test.concurrent('saying what it likes: no control character of it reaches a message', async () => {
      const instance = await sandbox.create('words', {});
      await instance.start();
      const forged = '\x1b[2J\x1b]0;all is well\x07';
      // Into the log of the container, through the agent's own descriptor; then nothing starts any more.
      await intrude(
        instance,
        `const agent = fs.readdirSync('/proc').find((pid) => /^\\d+$/.test(pid) && pid !== '1' && pid !== String(process.pid)
           && fs.readFileSync('/proc/' + pid + '/cmdline', 'latin1').includes('agent.cjs'));
         fs.writeFileSync('/proc/' + agent + '/fd/2', args[0] + '\\n');
         fs.rmSync('/ccb/state/agent.lock');
         fs.mkdirSync('/ccb/state/agent.lock');`,
        forged.repeat(50),
      );
      await instance.stop({ graceMs: 100 });
      const error: unknown = await instance.start().catch((reason: unknown) => reason);
      const { problem } = await instance.getInfo();
      for (const message of [String(error), problem ?? '']) {
        expect(message).toContain('\\u001b[2J');
        expect(message).toContain('agent.lock');
        expect([...message].filter((character) => character < ' ' && character !== '\n')).toEqual([]);
        expect(message.length).toBeLessThan(6_000);
      }
      await instance.cleanup({ remove: true });
    });

    test('nothing of all of them is left', async () => {
      expect(await leaksOf(sandbox)).toEqual([]);
    });
  },
);
