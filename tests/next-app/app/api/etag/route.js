// A validator, and a handler that honours it: a revalidation is a 304.
import { rendered } from '../../../lib/state';

export const dynamic = 'force-dynamic';

export function GET(request) {
  rendered('/api/etag');
  const version = request.nextUrl.searchParams.get('v') ?? '1';
  const headers = { 'Cache-Control': 's-maxage=10', ETag: `"v${version}"` };
  if (request.headers.get('if-none-match') === headers.ETag) {
    return new Response(null, { status: 304, headers });
  }
  return Response.json({ version }, { headers });
}
