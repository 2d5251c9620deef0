import type { EngineEvent } from '../engine.ts';

/** An event of the engine, and whose it is. */
export interface ContainerEvent {
  readonly id: string;
  readonly name: string | undefined;
  readonly event: EngineEvent;
}

type Json = Readonly<Record<string, unknown>>;

// podman's own words.
const SAME: Readonly<Record<string, string>> = { died: 'die', exec_died: 'exec_die', remove: 'destroy' };

/** undefined: it is no container's. @throws {SyntaxError} the line is no event */
export function parseContainerEvent(line: Buffer): ContainerEvent | undefined {
  const said: unknown = JSON.parse(line.toString());
  if (!isJson(said)) throw new SyntaxError('An event is an object.');
  if (said.Type !== undefined && said.Type !== 'container') return undefined;
  const actor = isJson(said.Actor) ? said.Actor : {};
  const attributes = isJson(actor.Attributes) ? actor.Attributes : {};
  const id = text(actor.ID) ?? text(said.id);
  const words = text(said.Action) ?? text(said.status);
  const at = timeOf(said);
  if (id === undefined || words === undefined || at === undefined) throw new SyntaxError('An event lacks a field.');

  // `health_status: healthy`, `exec_create: sh -c …`.
  const colon = words.indexOf(':');
  const word = colon < 0 ? words : words.slice(0, colon);
  const detail = colon < 0 ? undefined : words.slice(colon + 1).trim();
  const exitCode = text(attributes.exitCode) ?? text(attributes.containerExitCode);
  const event: EngineEvent = {
    action: SAME[word] ?? word,
    at,
    ...(exitCode === undefined || !/^\d+$/.test(exitCode) ? {} : { exitCode: Number(exitCode) }),
    ...(word === 'health_status' ? { health: detail ?? text(said.HealthStatus) } : {}),
    ...(text(attributes.signal) === undefined ? {} : { signal: text(attributes.signal) }),
  };
  return { id, name: text(attributes.name), event };
}

function timeOf(said: Json): Date | undefined {
  if (typeof said.timeNano === 'number' && said.timeNano > 0) return new Date(Math.floor(said.timeNano / 1e6));
  if (typeof said.time === 'number' && said.time > 0) return new Date(said.time * 1000);
  return undefined;
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
