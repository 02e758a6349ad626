// /api/retag?tag=t1[&profile=max]
import { revalidateTag } from 'next/cache';

export const dynamic = 'force-dynamic';

export function GET(request) {
  const query = request.nextUrl.searchParams;
  const tag = query.get('tag') ?? 't1';
  // Next.js 16 asks for a profile, and takes `max` to mean: serve stale once. 14 and 15 ignore it.
  const profile = query.get('profile') ?? { expire: 0 };
  revalidateTag(tag, profile);
  return Response.json({ tag, profile }, { headers: { 'Cache-Control': 'no-store' } });
}
