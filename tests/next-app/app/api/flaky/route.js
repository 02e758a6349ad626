// 500 while /api/fail?on=1 holds.
import { failing, rendered } from '../../../lib/state';

export const dynamic = 'force-dynamic';

export function GET() {
  const answer = rendered('/api/flaky');
  if (failing()) {
    return Response.json({ failing: true, ...answer }, { status: 500 });
  }
  return Response.json(answer, { headers: { 'Cache-Control': 'public, s-maxage=1' } });
}
