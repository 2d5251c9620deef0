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

test('an error is one line, and cannot move the cursor', () => {
  expect(describeFailure(new Error('No.\n\nRequest ID: 7\u001b[2J\n'), { causes: false })).toEqual([
    'No. Request ID: 7 [2J',
  ]);
});

test('who is not signed in is told the options to sign in with', () => {
  const failure = Object.assign(new Error('Not signed in.'), { code: 'CCB_SIGN_IN' });
  expect(describeFailure(failure, { causes: false })).toEqual([
    'Not signed in. With ccb, when the instance is made: --env ANTHROPIC_API_KEY, --env CLAUDE_CODE_OAUTH_TOKEN (from "claude setup-token"), or, not in docker, --login person. (CCB_SIGN_IN)',
  ]);
});

test('who is to set a variable for the program is told with which option', () => {
  const failure = Object.assign(new Error('Not found: set CLAUDE_CODE_EXECUTABLE.'), { code: 'CCB_PROGRAM_NOT_FOUND' });
  expect(describeFailure(failure, { causes: false })).toEqual([
    'Not found: set CLAUDE_CODE_EXECUTABLE. With ccb: --env CLAUDE_CODE_EXECUTABLE=PATH; in docker: an --image that has it. (CCB_PROGRAM_NOT_FOUND)',
  ]);
});

test('who is to name the owner of a workspace is told with which option', () => {
  const failure = new Error("It cannot write. Change that; or name its owner: user: '7:8'; or name another workspace.");
  expect(describeFailure(failure, { causes: false })).toEqual([
    expect.stringMatching(/ another workspace\. With ccb: --user 7:8, or --workspace DIR\.$/),
  ]);
});
