import { titleLine } from './bounds.ts';
import type { ApiRetryMessage } from './system.ts';

/** For people: "attempt 2 of 10 in 1.2 s: overloaded (529)". */
export function retryText(retry: ApiRetryMessage): string {
  const of = retry.maxRetries === undefined ? '' : ` of ${retry.maxRetries}`;
  const delay = retry.delayMs === undefined ? '' : ` in ${(retry.delayMs / 1_000).toFixed(1)} s`;
  const status = retry.status === undefined ? '' : ` (${retry.status})`;
  return `attempt ${retry.attempt}${of}${delay}: ${reasonOf(retry)}${status}`;
}

function reasonOf({ reason, status }: ApiRetryMessage): string {
  if (reason !== undefined && reason !== 'unknown') return titleLine(reason.replaceAll('_', ' '));
  return status === undefined ? 'no answer from the API' : 'the API refused';
}
