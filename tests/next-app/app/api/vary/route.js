import { rendered } from '../../../lib/state';

export const dynamic = 'force-dynamic';

export function GET(request) {
  const language = request.headers.get('accept-language') ?? 'none';
  const headers = { 'Cache-Control': 's-maxage=20', Vary: 'Accept-Language' };
  return Response.json({ language, ...rendered('/api/vary') }, { headers });
}
