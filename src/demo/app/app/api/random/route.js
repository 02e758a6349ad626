export const dynamic = 'force-dynamic';

export function GET() {
  return Response.json({ number: Math.floor(Math.random() * 1e6) }, { headers: { 'Cache-Control': 'no-store' } });
}
