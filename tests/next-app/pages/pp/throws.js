import Stamp from '../../lib/stamp';
import { rendered } from '../../lib/state';

export function getServerSideProps() {
  rendered('/pp/throws');
  throw new Error('throws');
}

export default function Throws() {
  return <Stamp title="pp throws" />;
}
