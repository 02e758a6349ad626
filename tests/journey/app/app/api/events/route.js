import { passed } from '../../../lib/gate';

export function GET(request) {
  const run = new URL(request.url).searchParams.get('run');
  const encoder = new TextEncoder();
  const body = new ReadableStream({
    async start(controller) {
      for (let event = 1; event <= 3; event += 1) {
        if (event > 1) await passed(`${run}-${event}`);
        controller.enqueue(encoder.encode(`data: ${event}\n\n`));
      }
      controller.close();
    },
  });
  return new Response(body, { headers: { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' } });
}

export const dynamic = 'force-dynamic';
