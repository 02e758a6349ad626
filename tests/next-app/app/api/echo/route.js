// What the application saw. Next.js has been at the headers by then; /api/raw shows what came over the wire.
import { createHash } from 'node:crypto';
import { rendered } from '../../../lib/state';

export const dynamic = 'force-dynamic';

async function echo(request) {
  rendered('/api/echo');
  const body = Buffer.from(await request.arrayBuffer());
  const answer = {
    method: request.method,
    url: request.nextUrl.pathname + request.nextUrl.search,
    headers: Object.fromEntries(request.headers),
    length: body.length,
    sha256: createHash('sha256').update(body).digest('hex'),
  };
  return Response.json(answer, { headers: { 'Cache-Control': 'no-store' } });
}

export { echo as GET, echo as POST, echo as PUT, echo as PATCH, echo as DELETE };
