// RFC 9213: the targeted field decides at the edge, Cache-Control is for the browser.
import { rendered } from '../../../lib/state';

export const dynamic = 'force-dynamic';

export function GET() {
  const headers = { 'Cache-Control': 'no-store', 'CDN-Cache-Control': 'max-age=60' };
  return Response.json(rendered('/api/cdn'), { headers });
}
