import { isAbsolute } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import {
  type AgentConnection,
  type AgentContext,
  agent,
  ndJsonStream,
  PROTOCOL_VERSION,
  RequestError,
} from '@agentclientprotocol/sdk';
import type { InstanceInterface, Log } from '@ccb/instance-interface';
import { editorPermission } from './editor-permission.ts';
import type { AcpInstances, SessionRequest } from './instances.ts';
import { outputStream } from './output-stream.ts';
import { promptText } from './prompt-text.ts';
import { Session } from './session.ts';
import { requestError } from './turn-end.ts';

/** How long letting go of the sessions may take at the end, in ms. */
const END_MS = 10_000;

export interface ServeAcpOptions {
  /** What the editor writes. */
  readonly input: Readable;
  /** What it reads: the protocol, and nothing else. */
  readonly output: Writable;
  readonly instances: AcpInstances;
  /** How this agent calls itself. */
  readonly agentInfo: { readonly name: string; readonly version: string };
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
  readonly log?: Log | undefined;
}

/**
 * An Agent Client Protocol agent over instances. Resolves when the editor has closed its end, or `signal` was aborted, and
 * every instance was let go of; they live on, with what runs in them, and `session/load` gives them back.
 */
export async function serveAcp(options: ServeAcpOptions): Promise<void> {
  const { input, output, instances, agentInfo, signal, log } = options;
  const sessions = new Map<string, Session>();

  const begin = async (
    client: AgentContext,
    cwd: string,
    mcpServers: readonly unknown[] | null | undefined,
    requested: AbortSignal,
    make: (request: SessionRequest) => Promise<InstanceInterface>,
  ): Promise<Session> => {
    if (!isAbsolute(cwd)) throw RequestError.invalidParams({}, `cwd must be an absolute path, and is ${cwd}`);
    if (mcpServers && mcpServers.length > 0)
      log?.({ level: 'warn', event: 'acp.mcp_servers_ignored', count: mcpServers.length });
    let id = '';
    const permission = editorPermission(client, () => id);
    try {
      const instance = await make({ cwd, permission, signal: requested });
      id = instance.name;
      const session = new Session(instance, client);
      sessions.set(id, session);
      return session;
    } catch (error) {
      throw requestError(error);
    }
  };

  const known = (sessionId: string): Session => {
    const session = sessions.get(sessionId);
    if (session !== undefined) return session;
    throw new RequestError(-32002, `there is no session ${sessionId} here; load it first`, { sessionId });
  };

  const reopen = async (
    client: AgentContext,
    {
      sessionId,
      cwd,
      mcpServers,
    }: { readonly sessionId: string; readonly cwd: string; readonly mcpServers?: readonly unknown[] | null },
    requested: AbortSignal,
  ): Promise<Session> =>
    sessions.get(sessionId) ??
    (await begin(client, cwd, mcpServers, requested, (request) => instances.open(sessionId, request)));

  const connection: AgentConnection = agent({ name: agentInfo.name })
    .onRequest('initialize', ({ params }) => ({
      protocolVersion: Math.min(params.protocolVersion, PROTOCOL_VERSION),
      agentInfo,
      agentCapabilities: {
        loadSession: true,
        promptCapabilities: { image: false, audio: false, embeddedContext: true },
        sessionCapabilities: { list: {}, resume: {}, close: {} },
      },
      // Whoever is asked to sign in is told how by the program's own error.
      authMethods: [],
    }))
    .onRequest('session/new', async ({ params, client, signal: requested }) => {
      const session = await begin(client, params.cwd, params.mcpServers, requested, (request) =>
        instances.create(request),
      );
      return { sessionId: session.id };
    })
    .onRequest('session/load', async ({ params, client, signal: requested }) => {
      const session = await reopen(client, params, requested);
      await session.replay();
      return {};
    })
    .onRequest('session/resume', async ({ params, client, signal: requested }) => {
      await reopen(client, params, requested);
      return {};
    })
    .onRequest('session/list', async () => ({
      sessions: (await instances.list()).map(({ name, workspace = '/' }) => ({
        sessionId: name,
        cwd: workspace,
        title: name,
      })),
    }))
    .onRequest('session/close', async ({ params }) => {
      const session = known(params.sessionId);
      sessions.delete(params.sessionId);
      await session.cancel();
      await session.detach();
      return {};
    })
    .onRequest('session/prompt', ({ params, signal: requested }) =>
      known(params.sessionId).prompt(promptText(params.prompt), { signal: requested, connection: connection.signal }),
    )
    .onNotification('session/cancel', ({ params }) => known(params.sessionId).cancel())
    .connect(ndJsonStream(outputStream(output), Readable.toWeb(input) as ReadableStream<Uint8Array>));

  const leave = (): void => connection.close();
  if (signal?.aborted) leave();
  signal?.addEventListener('abort', leave, { once: true });
  try {
    await connection.closed;
  } finally {
    signal?.removeEventListener('abort', leave);
    await bounded(Promise.allSettled([...sessions.values()].map((session) => session.detach())));
  }
}

async function bounded(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, END_MS);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
