import { expect, test } from 'vitest';
import type { InstanceState } from '../../state.ts';
import { StateMachine } from './machine.ts';
import { transitions } from './transitions.ts';

const states = Object.keys(transitions) as InstanceState[];

/** A machine in the state, by the shortest way. */
function machineIn(goal: InstanceState): StateMachine {
  const ways: InstanceState[][] = [[]];
  for (const way of ways) {
    const last = way.at(-1) ?? 'stopped';
    if (last === goal) {
      const machine = new StateMachine('work', () => {});
      for (const state of way) machine.to(state, 'test');
      return machine;
    }
    for (const next of transitions[last]) if (!way.includes(next)) ways.push([...way, next]);
  }
  throw new Error(`nothing leads to ${goal}`);
}

test.each(states.flatMap((from) => states.map((to) => [from, to] as const)))('%s > %s', (from, to) => {
  const machine = machineIn(from);
  if (transitions[from].includes(to)) {
    machine.to(to, 'test');
    expect(machine.state).toBe(to);
    expect(machine.last).toMatchObject({ from, to, reason: 'test' });
    return;
  }
  expect(() => machine.to(to, 'test')).toThrow(
    expect.objectContaining({ code: 'CCB_INVALID_STATE', message: `work: ${from} cannot become ${to} (test).` }),
  );
  expect(machine.state).toBe(from);
});

test('nothing leads out of closed, and every state can be closed', () => {
  expect(transitions.closed).toEqual([]);
  for (const state of states) if (state !== 'closed') expect(transitions[state]).toContain('closed');
});
