import { open } from '../../../lib/gate';

export function POST(request) {
  open(new URL(request.url).searchParams.get('name'));
  return new Response(null, { status: 204 });
}
