// No Cache-Control at all: nothing may be assumed about it.
import { rendered } from '../../../lib/state';

export const dynamic = 'force-dynamic';

export function GET() {
  return Response.json(rendered('/api/nostore'));
}
