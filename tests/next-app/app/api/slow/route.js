// Behaves as a slow ISR page does: ?ms before the first byte.
import { rendered, sleep } from '../../../lib/state';

export const dynamic = 'force-dynamic';

export async function GET(request) {
  const answer = rendered('/api/slow');
  await sleep(Math.min(Number(request.nextUrl.searchParams.get('ms') ?? 500), 5000));
  return Response.json(answer, { headers: { 'Cache-Control': 'public, s-maxage=2, stale-while-revalidate=60' } });
}
