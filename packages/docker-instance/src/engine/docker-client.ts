/** A client of a Docker engine that somebody else owns: a dockerode `Docker` fits. It is used, never changed and never closed. */
export interface DockerClient {
  readonly modem: unknown;
  getContainer(id: string): { readonly id: string };
}

/** What is used of a client: the one door that all its calls go through. */
export interface Modem {
  readonly socketPath?: unknown;
  readonly host?: unknown;
  readonly port?: unknown;
  readonly protocol?: unknown;
  readonly headers?: unknown;
  dial(request: ModemRequest, callback: (error: unknown, answer: unknown) => void): void;
}

interface ModemRequest {
  readonly method: string;
  /** With a `?` at its end where there is a query. */
  readonly path: string;
  readonly options: { readonly _query: Record<string, unknown>; readonly _body: unknown };
  readonly file?: unknown;
  readonly headers: Record<string, string>;
  readonly isStream: boolean;
  readonly hijack: boolean;
  readonly openStdin: boolean;
  readonly allowEmpty: boolean;
  readonly statusCodes: Readonly<Record<number, true>>;
  readonly abortSignal: AbortSignal;
}

/** @throws {TypeError} it is no client of an engine */
export function modemOf(client: DockerClient): Modem {
  const modem: unknown = client.modem;
  if (typeof modem === 'object' && modem !== null && 'dial' in modem && typeof modem.dial === 'function') {
    return modem as Modem;
  }
  throw new TypeError('docker must be a client of dockerode: its modem has no dial().');
}
