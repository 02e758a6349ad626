// /api/repath?path=/isr-slow[&type=layout]
import { revalidatePath } from 'next/cache';

export const dynamic = 'force-dynamic';

export function GET(request) {
  const query = request.nextUrl.searchParams;
  const path = query.get('path') ?? '/isr-slow';
  const type = query.get('type') ?? undefined;
  revalidatePath(path, type);
  return Response.json({ path, type }, { headers: { 'Cache-Control': 'no-store' } });
}
