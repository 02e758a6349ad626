export const dynamic = 'force-dynamic';

export function GET() {
  const headers = { 'Cache-Control': 's-maxage=5, stale-while-revalidate=30' };
  return Response.json({ at: Date.now() }, { headers });
}
