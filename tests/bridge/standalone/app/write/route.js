import { revalidateTag } from 'next/cache';

export const dynamic = 'force-dynamic';

export async function GET() {
  revalidateTag('t');
  return new Response(null, { status: 204 });
}
