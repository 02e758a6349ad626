import { rendered, sleep } from '../../../lib/state';

export const dynamic = 'force-dynamic';

export function GET() {
  rendered('/api/sse');
  const encoder = new TextEncoder();
  const body = new ReadableStream({
    async start(controller) {
      for (let event = 1; event <= 3; event += 1) {
        if (event > 1) await sleep(200);
        controller.enqueue(encoder.encode(`data: ${event}\n\n`));
      }
      controller.close();
    },
  });
  return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
}
