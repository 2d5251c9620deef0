import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { smallDisk } from '../journal/testing/small-disk.ts';
import { Rig, settle } from './testing/rig.ts';

const disk = smallDisk();

describe.runIf(disk)('on a full disk', () => {
  const root = disk?.path ?? '';
  const ballast = join(root, 'ballast');
  let rig: Rig | undefined;

  afterEach(() => {
    rig?.journal.close();
    rmSync(join(root, 'journal'), { recursive: true, force: true });
    rmSync(ballast, { force: true });
  });
  afterAll(() => disk?.remove());

  function fill(): void {
    for (let size = 256 * 1024; size >= 4096; ) {
      try {
        appendFileSync(ballast, Buffer.alloc(size));
      } catch {
        size /= 2;
      }
    }
  }

  async function running(): Promise<Rig> {
    rig = new Rig({ directory: join(root, 'journal'), journal: { segmentBytes: 300_000 }, maxLagBytes: 20_000 });
    rig.command('a');
    await settle();
    rig.driver.turn.write('stdout', 'before');
    await settle();
    return rig;
  }

  test('the command is interrupted and ends CCB_DISK_FULL, from the reserve; nothing was sent that is not journaled', async () => {
    const { driver, turns, outlet, ...rest } = await running();
    fill();
    driver.onInterrupt = () => driver.turn.end({ success: false, completedBy: 'program', exitCode: 130 });
    driver.turn.write('stdout', 'x'.repeat(50_000));
    await settle();
    expect(driver.asked).toContain('interrupt');
    expect(turns.current).toBeUndefined();
    expect(rig?.end('a')?.result).toMatchObject({ status: 'failed', error: { code: 'CCB_DISK_FULL' } });
    expect(rig?.sent).toEqual(rig?.frames);
    expect(rest.refusals).toEqual([]);
    expect(outlet.bytes.toString()).toContain('before');
  });

  test('the next command is refused until there is room, and then runs', async () => {
    const { driver, refusals, turns, command } = bound(await running());
    fill();
    driver.turn.write('stdout', 'x'.repeat(50_000));
    driver.turn.end();
    await settle();
    command('b');
    await settle();
    expect(refusals).toMatchObject([{ id: 'b', code: 'CCB_DISK_FULL' }]);
    rmSync(ballast);
    command('c');
    await settle();
    expect(turns.current?.id).toBe('c');
    driver.turn.end();
    await settle();
    expect(rig?.end('c')?.result).toMatchObject({ success: true });
  });

  test('a program held back by a slow reader is set free to hear the interrupt', async () => {
    const { driver } = await running();
    driver.turn.write('stdout', 'x'.repeat(60_000));
    await settle();
    expect(driver.asked.at(-1)).toBe('pause');
    fill();
    driver.turn.write('stdout', 'y'.repeat(60_000));
    await settle();
    expect(driver.asked.slice(-2)).toEqual(['resume', 'interrupt']);
    rmSync(ballast);
    driver.turn.write('stdout', 'after the hole');
    await settle();
    expect(rig?.outlet.bytes.toString()).not.toContain('after the hole');
  });

  test('an answer whose last words found no room does not end as a success', async () => {
    const { driver } = await running();
    fill();
    driver.turn.write('stdout', 'x'.repeat(50_000));
    driver.turn.end();
    await settle();
    expect(rig?.end('a')?.result).toMatchObject({ success: false, error: { code: 'CCB_DISK_FULL' } });
  });

  function bound(of: Rig): Rig & { command: Rig['command'] } {
    return Object.assign(of, { command: of.command.bind(of) });
  }
});
