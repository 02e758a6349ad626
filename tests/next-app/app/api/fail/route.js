// Switches /api/flaky and /throws-isr between working (?on=0) and failing (?on=1).
import { failing, setFailing } from '../../../lib/state';

export const dynamic = 'force-dynamic';

export function GET(request) {
  setFailing(request.nextUrl.searchParams.get('on') === '1');
  return Response.json({ failing: failing() }, { headers: { 'Cache-Control': 'no-store' } });
}
