import { notFound } from 'next/navigation';
import { rendered } from '../../lib/state';

export const dynamic = 'force-dynamic';

export default function Nf() {
  rendered('/nf');
  notFound();
}
