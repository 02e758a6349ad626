import { draftMode } from 'next/headers';

export const dynamic = 'force-dynamic';

export async function GET() {
  (await draftMode()).disable();
  return Response.json({ draft: false });
}
