import { describe, expect, test } from 'vitest';
import { parseContainerEvent } from './container-event.ts';

const parse = (event: object) => parseContainerEvent(Buffer.from(`${JSON.stringify(event)}\n`));
const time = { time: 1_700_000_000, timeNano: 1_700_000_000_123_456_800 };
const docker = (Action: string, Attributes: object = {}) =>
  parse({ status: Action, id: 'f00', Type: 'container', Action, Actor: { ID: 'f00', Attributes }, ...time });

describe('parseContainerEvent', () => {
  test("reads Docker's events, with the engine's time", () => {
    expect(docker('die', { exitCode: '137', name: 'work', image: 'x' })).toEqual({
      id: 'f00',
      name: 'work',
      event: { action: 'die', at: new Date(1_700_000_000_123), exitCode: 137 },
    });
    expect(docker('kill', { signal: '9' })?.event).toMatchObject({ action: 'kill', signal: '9' });
    expect(docker('health_status: unhealthy')?.event).toMatchObject({ action: 'health_status', health: 'unhealthy' });
    expect(docker('exec_create: sh -c date: now')?.event.action).toBe('exec_create');
  });

  test("reads podman's words", () => {
    expect(docker('died', { containerExitCode: '3' })?.event).toMatchObject({ action: 'die', exitCode: 3 });
    expect(docker('exec_died')?.event.action).toBe('exec_die');
    expect(docker('remove')?.event.action).toBe('destroy');
    const health = {
      Type: 'container',
      Action: 'health_status',
      HealthStatus: 'healthy',
      Actor: { ID: 'f00' },
      ...time,
    };
    expect(parse(health)?.event).toMatchObject({ action: 'health_status', health: 'healthy' });
  });

  test('reads the old form, and a time in seconds', () => {
    expect(parse({ status: 'start', id: 'f00', from: 'x', time: 1_700_000_000 })).toEqual({
      id: 'f00',
      name: undefined,
      event: { action: 'start', at: new Date(1_700_000_000_000) },
    });
  });

  test('leaves out what is no container', () => {
    expect(parse({ Type: 'network', Action: 'connect', Actor: { ID: 'f00' }, ...time })).toBeUndefined();
  });

  test('an exit code that is no number is none', () => {
    expect(docker('die', { exitCode: 'soon' })?.event).not.toHaveProperty('exitCode');
  });

  test.each([
    '',
    'null',
    '7',
    '[]',
    '{}',
    '{"Type":"container"}',
    '{"Type":"container","Action":"die","id":"f00"}',
    '{"Ty',
  ])('refuses %j', (line) => {
    expect(() => parseContainerEvent(Buffer.from(line))).toThrow(SyntaxError);
  });
});
