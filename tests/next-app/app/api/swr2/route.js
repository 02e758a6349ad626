import { rendered } from '../../../lib/state';

export const dynamic = 'force-dynamic';

export function GET() {
  return Response.json(rendered('/api/swr2'), { headers: { 'Cache-Control': 'public, s-maxage=2, stale-while-revalidate=60' } });
}
