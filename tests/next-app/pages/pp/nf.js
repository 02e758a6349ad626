import Stamp from '../../lib/stamp';
import { rendered } from '../../lib/state';

export function getServerSideProps() {
  rendered('/pp/nf');
  return { notFound: true };
}

export default function NotFound() {
  return <Stamp title="pp nf" />;
}
