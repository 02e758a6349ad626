import { rendered } from '../../../lib/state';

export const dynamic = 'force-static';

export function GET() {
  return Response.json(rendered('/api/static'));
}
