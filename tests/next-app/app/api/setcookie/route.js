// No `dynamic` here: Next.js 14 then caches it itself, cookie and all.
import { rendered } from '../../../lib/state';

export function GET() {
  const headers = { 'Cache-Control': 'public, s-maxage=60', 'Set-Cookie': 'sid=secret; Path=/; HttpOnly' };
  return Response.json(rendered('/api/setcookie'), { headers });
}
