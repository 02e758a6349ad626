import { redirect } from 'next/navigation';
import { rendered } from '../../lib/state';

export const dynamic = 'force-dynamic';

export default function Redir() {
  rendered('/redir');
  redirect('/static');
}
