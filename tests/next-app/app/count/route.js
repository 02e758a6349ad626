// How often a page or handler ran since the start: /count?key=/isr, or all of them without a key.
import { renders, started } from '../../lib/state';

export const dynamic = 'force-dynamic';

export function GET(request) {
  const key = request.nextUrl.searchParams.get('key');
  const answer = key === null ? { started: started(), renders: renders() } : { key, count: renders()[key] ?? 0 };
  return Response.json(answer, { headers: { 'Cache-Control': 'no-store' } });
}
