import * as server from 'next/server';
import { sleep, state } from '../../../lib/state';

export const dynamic = 'force-dynamic';

/** How much has been done after answers; and, with POST, one more in a moment. */
export function GET() {
  return Response.json({ after: state.after });
}

export function POST() {
  server.after(async () => {
    await sleep(200);
    state.after += 1;
  });
  return Response.json({ after: state.after });
}
