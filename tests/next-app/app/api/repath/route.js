// /api/repath?path=/isr-slow
import { revalidatePath } from 'next/cache';

export const dynamic = 'force-dynamic';

export function GET(request) {
  const path = request.nextUrl.searchParams.get('path') ?? '/isr-slow';
  revalidatePath(path);
  return Response.json({ path }, { headers: { 'Cache-Control': 'no-store' } });
}
