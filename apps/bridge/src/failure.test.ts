import { expect, test } from 'vitest';
import { describeFailure } from './failure.ts';

const cause = new Error('middle', { cause: 'root' });
const error = Object.assign(new Error('It broke. Mend it.', { cause }), { code: 'CCB_BROKEN' });

test('an error is its message and its code', () => {
  expect(describeFailure(error, { causes: false })).toEqual(['It broke. Mend it. (CCB_BROKEN)']);
  expect(describeFailure(new Error('plain'), { causes: false })).toEqual(['plain']);
  expect(describeFailure('not an error', { causes: false })).toEqual(['not an error']);
});

test('its causes follow when they are wanted, also where they go in a circle', () => {
  expect(describeFailure(error, { causes: true }).slice(1)).toEqual(['caused by: middle', 'caused by: root']);
  const circle = new Error('circle');
  circle.cause = circle;
  expect(describeFailure(circle, { causes: true })).toEqual(['circle']);
});
