// /write[?profile=max]: no body, so that there is nothing but the head to be held back.
import { revalidateTag } from 'next/cache';

export async function GET(request) {
  revalidateTag('tür', request.nextUrl.searchParams.get('profile') ?? { expire: 0 });
  return new Response(null, { status: 204 });
}
