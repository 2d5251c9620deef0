import { expect, test } from 'vitest';
import { TaskPlan } from './plan.ts';
import { fixturesOf, translate } from './testing/fixtures.ts';

test('a plan that is written whole shows as a plan, and not as a tool', () => {
  expect(translate(fixturesOf('2.1.197').get('todo') ?? [])[0]?.updates).toEqual([
    {
      type: 'plan',
      entries: [
        { content: 'First', status: 'completed' },
        { content: 'Second', status: 'in_progress' },
        { content: 'Third', status: 'pending' },
      ],
    },
  ]);
});

test('a plan that is written entry by entry is told whole each time', () => {
  const updates = translate(fixturesOf('2.1.197').get('tasks') ?? [])[0]?.updates ?? [];
  expect(updates.every((update) => update.type === 'plan')).toBe(true);
  expect(updates[0]).toEqual({ type: 'plan', entries: [{ content: 'First', status: 'pending' }] });
  expect(updates.at(-1)).toEqual({
    type: 'plan',
    entries: [
      { content: 'First', status: 'completed' },
      { content: 'Second', status: 'pending' },
    ],
  });
});

test('it goes on in later turns, and entries can be renamed and deleted', () => {
  const plan = new TaskPlan();
  plan.take('TaskCreate', { subject: 'A' }, { task: { id: '1', subject: 'A' } });
  plan.take('TaskCreate', { subject: 'B' }, { task: { id: '2', subject: 'B' } });
  expect(plan.take('TaskUpdate', { taskId: '2', subject: 'Bee' }, { success: true })?.entries[1]?.content).toBe('Bee');
  expect(plan.take('TaskUpdate', { taskId: '1', status: 'deleted' }, { success: true })?.entries).toEqual([
    { content: 'Bee', status: 'pending' },
  ]);
});

test('what changes nothing is no plan', () => {
  const plan = new TaskPlan();
  expect(plan.take('TaskUpdate', { taskId: '9', status: 'completed' }, { success: true })).toBeUndefined();
  expect(plan.take('TaskCreate', { subject: 'A' }, {})).toBeUndefined();
  expect(plan.take('TaskGet', {}, {})).toBeUndefined();
});
