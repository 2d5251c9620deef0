/**
 * A bridge that reads slowly, then as fast as it can, and pings all the while. Tells what it saw at the end.
 * `slow-reader.ts REQUEST`
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { processBackend } from '@ccb/process-instance';
import type { SlowReading, SlowRequest } from '../slow-reader.ts';

// As ccb does.
setFlagsFromString('--semi-space-growth-factor=1');

const PING_EVERY_MS = 100;
const { record, text, slowMs, bytesPerSecond } = JSON.parse(process.argv[2] as string) as SlowRequest;

const instance = await processBackend().open(record);
await instance.start();
const digest = createHash('sha256');
const pings: { slow: number[]; drain: number[] } = { slow: [], drain: [] };
let phase: 'slow' | 'drain' = 'slow';
let unanswered = 0;
let bytes = 0;
let slowBytes = 0;

async function ping(): Promise<void> {
  const during = phase;
  const sentAt = performance.now();
  if (!(await instance.isRunning())) unanswered += 1;
  pings[during].push(performance.now() - sentAt);
}

const startedAt = performance.now();
const pinging = setInterval(() => void ping(), PING_EVERY_MS);
const stream = instance.sendCommand(text);
let drainsFrom = startedAt;
for await (const piece of stream) {
  bytes += Buffer.byteLength(piece);
  digest.update(piece);
  if (phase === 'drain') continue;
  const elapsed = performance.now() - startedAt;
  const due = (bytes / bytesPerSecond) * 1000;
  if (due > elapsed) await delay(Math.min(due, slowMs) - elapsed);
  if (performance.now() - startedAt < slowMs) continue;
  phase = 'drain';
  slowBytes = bytes;
  drainsFrom = performance.now();
}
const drainMs = performance.now() - drainsFrom;
clearInterval(pinging);
const { success } = await stream.result;
const peak = Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]) * 1024;
const reading: SlowReading = {
  success,
  bytes,
  slowBytes,
  sha256: digest.digest('hex'),
  drainMs,
  pings,
  unanswered,
  peak,
};
await instance.detach();
console.log(JSON.stringify(reading));
