// Prerendered: a 404 that may be stored for a year.
import { notFound } from 'next/navigation';
import { rendered } from '../../lib/state';

export default function NfStatic() {
  rendered('/nf-static');
  notFound();
}
