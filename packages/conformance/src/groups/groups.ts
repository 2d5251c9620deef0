import type { Group } from '../bench.ts';
import { cancellation } from './cancellation.ts';
import { concurrency } from './concurrency.ts';
import { crashAndRestart } from './crash-and-restart.ts';
import { exactness } from './exactness.ts';
import { leaks } from './leaks.ts';
import { lifecycle } from './lifecycle.ts';
import { observeAndHold } from './observe-and-hold.ts';
import { permissions } from './permissions.ts';
import { queue } from './queue.ts';
import { readers } from './readers.ts';
import { results } from './results.ts';
import { resumeAndHistory } from './resume-and-history.ts';
import { streaming } from './streaming.ts';
import { timeouts } from './timeouts.ts';

/** The chapters of the suite, in the order in which a new backend makes them pass. */
export const groups: readonly Group[] = [
  lifecycle,
  streaming,
  exactness,
  queue,
  timeouts,
  cancellation,
  results,
  concurrency,
  observeAndHold,
  crashAndRestart,
  resumeAndHistory,
  readers,
  permissions,
  leaks,
];
