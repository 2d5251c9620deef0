// Server-sent events. A client that goes away stops reading, the command goes on; Last-Event-ID continues it.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { InstanceInterface } from '@ccb/instance-interface';

export function serve(instance: InstanceInterface): Server {
  return createServer(async (request, response) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const url = new URL(request.url ?? '/', 'http://localhost');
    const [id, after] = String(request.headers['last-event-id'] ?? '').split('|');
    const stream = id
      ? instance.resumeCommand(id, { after })
      : instance.sendCommand(url.searchParams.get('text') || 'true');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    try {
      for await (const event of stream.events({ cancelOnReturn: false, signal: gone.signal })) {
        const frame = `id: ${stream.id}|${event.cursor}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
        if (!response.write(frame)) await once(response, 'drain', { signal: gone.signal });
      }
      response.end();
    } catch (error) {
      if (!gone.signal.aborted) response.end(`event: error\ndata: ${JSON.stringify({ message: String(error) })}\n\n`);
    }
  });
}
