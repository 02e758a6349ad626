import { rendered } from '../../../lib/state';

export const dynamic = 'force-dynamic';

export function GET() {
  return Response.json(rendered('/api/swr'), { headers: { 'Cache-Control': 'public, s-maxage=10, stale-while-revalidate=59' } });
}
