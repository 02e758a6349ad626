import { rendered } from '../../lib/state';

export const dynamic = 'force-dynamic';

export default function Throws() {
  rendered('/throws');
  throw new Error('throws');
}
