import { cancellationMutants } from './broken/cancellation.ts';
import { concurrencyMutants } from './broken/concurrency.ts';
import { crashAndRestartMutants } from './broken/crash-and-restart.ts';
import { exactnessMutants } from './broken/exactness.ts';
import { leaksMutants } from './broken/leaks.ts';
import { lifecycleMutants } from './broken/lifecycle.ts';
import { observeAndHoldMutants } from './broken/observe-and-hold.ts';
import { permissionsMutants } from './broken/permissions.ts';
import { queueMutants } from './broken/queue.ts';
import { readersMutants } from './broken/readers.ts';
import { resultsMutants } from './broken/results.ts';
import { resumeAndHistoryMutants } from './broken/resume-and-history.ts';
import { streamingMutants } from './broken/streaming.ts';
import { timeoutsMutants } from './broken/timeouts.ts';
import type { Mutant } from './mutant.ts';

/** All of them, in the order of the groups that must find them. */
export const mutants: readonly Mutant[] = [
  ...lifecycleMutants,
  ...streamingMutants,
  ...exactnessMutants,
  ...queueMutants,
  ...timeoutsMutants,
  ...cancellationMutants,
  ...resultsMutants,
  ...concurrencyMutants,
  ...observeAndHoldMutants,
  ...crashAndRestartMutants,
  ...resumeAndHistoryMutants,
  ...readersMutants,
  ...permissionsMutants,
  ...leaksMutants,
];
