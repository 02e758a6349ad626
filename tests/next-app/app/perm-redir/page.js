import { permanentRedirect } from 'next/navigation';
import { rendered } from '../../lib/state';

export const revalidate = 10;

export default function PermRedir() {
  rendered('/perm-redir');
  permanentRedirect('/static');
}
