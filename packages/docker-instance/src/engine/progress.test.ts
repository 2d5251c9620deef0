import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeEngine } from '../testing/fake-engine.ts';
import { ownModem } from './modem.ts';
import { followProgress } from './progress.ts';
import { type Request, Wire } from './wire.ts';

const PULL: Request = {
  doing: 'pull the image debian',
  subject: { kind: 'image', name: 'debian' },
  method: 'POST',
  path: '/images/create',
  query: { fromImage: 'debian', tag: '12' },
};

let fake: FakeEngine;
let wire: Wire;

beforeEach(async () => {
  fake = await FakeEngine.start();
  wire = new Wire(ownModem({ protocol: 'unix', path: fake.socketPath }, {}), 'there');
});
afterEach(async () => {
  await fake.whenIdle();
  await fake.stop();
});

/** What people were told. */
async function told(raw: string, fault?: 'stall' | 'drip', quietMs = 5_000): Promise<readonly string[]> {
  fake.state.answer = () => ({ status: 200, raw: Buffer.from(raw) });
  if (fault !== undefined) fake.fails(/create/, fault);
  const lines: string[] = [];
  await followProgress(wire, PULL, (line) => lines.push(line), { quietMs });
  return lines;
}

describe('a long work of the engine', () => {
  it('is told in lines for people', async () => {
    const raw = [
      { status: 'Pulling from library/debian', id: '12' },
      { status: 'Downloading', progress: '[=>  ] 1MB/9MB', id: 'f00' },
      { stream: 'Step 1/2 : FROM x\n' },
      { stream: '\n' },
      { aux: { ID: 'sha256:1' } },
    ];
    expect(await told(raw.map((line) => JSON.stringify(line)).join('\r\n'))).toEqual([
      '12: Pulling from library/debian',
      'f00: Downloading [=>  ] 1MB/9MB',
      'Step 1/2 : FROM x',
    ]);
  });

  it.each([
    ['{"error":"manifest unknown"}', 'CCB_NOT_FOUND'],
    ['{"errorDetail":{"message":"pull access denied, repository does not exist"}}', 'CCB_NOT_FOUND'],
    ['{"error":"write /x: no space left on device"}', 'CCB_DISK_FULL'],
    ['{"error":"dial tcp: lookup registry: no such host"}', 'CCB_ENGINE_REFUSED'],
    ['{"status":"fine"}\n{"sta', 'CCB_BACKEND_UNREACHABLE'],
  ])('fails though HTTP said 200: %s', async (raw, code) => {
    await expect(told(raw)).rejects.toMatchObject({ code });
  });

  it('ends when nothing is heard of it any more', async () => {
    await expect(told('{"status":"begun"}\n{"status":"never"}\n', 'stall', 100)).rejects.toMatchObject({
      code: 'CCB_TIMEOUT',
      message: expect.stringMatching(/pull the image debian.*no progress for 0\.1 s/),
    });
  });

  it('goes on for as long as something is heard of it', async () => {
    const raw = '{"status":"a"}\n'.repeat(2);
    expect(await told(raw, 'drip', 700)).toEqual(['a', 'a']);
  });
});
