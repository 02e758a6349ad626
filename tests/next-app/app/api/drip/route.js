// A response that may be stored and arrives slowly: ?n chunks, ?ms apart.
import { rendered, sleep } from '../../../lib/state';

export const dynamic = 'force-dynamic';

export function GET(request) {
  const query = request.nextUrl.searchParams;
  const chunks = Math.min(Number(query.get('n') ?? 5), 100);
  const ms = Math.min(Number(query.get('ms') ?? 100), 5000);
  const { n } = rendered('/api/drip');
  const encoder = new TextEncoder();
  const body = new ReadableStream({
    async start(controller) {
      for (let chunk = 1; chunk <= chunks; chunk += 1) {
        if (chunk > 1) await sleep(ms);
        controller.enqueue(encoder.encode(`render ${n} chunk ${chunk}\n`));
      }
      controller.close();
    },
  });
  const headers = { 'Content-Type': 'text/plain', 'Cache-Control': 'public, s-maxage=10' };
  return new Response(body, { headers });
}
