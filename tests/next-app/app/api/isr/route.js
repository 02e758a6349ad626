import { rendered } from '../../../lib/state';

export const revalidate = 10;

export function GET() {
  return Response.json(rendered('/api/isr'));
}
