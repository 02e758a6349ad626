import { rendered } from '../../../lib/state';

export const dynamic = 'force-dynamic';

export function GET(request) {
  rendered('/api/errors');
  if (request.nextUrl.searchParams.get('s') === '1') {
    return new Response('unavailable', { status: 503 });
  }
  throw new Error('errors, as asked');
}
