import Stamp from '../../lib/stamp';
import { rendered } from '../../lib/state';

export function getServerSideProps() {
  rendered('/pp/redir');
  return { redirect: { destination: '/static', permanent: false } };
}

export default function Redir() {
  return <Stamp title="pp redir" />;
}
