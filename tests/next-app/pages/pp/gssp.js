import Stamp from '../../lib/stamp';
import { rendered } from '../../lib/state';

export function getServerSideProps({ res }) {
  res.setHeader('Cache-Control', 'public, s-maxage=10, stale-while-revalidate=59');
  return { props: rendered('/pp/gssp') };
}

export default function Gssp(props) {
  return <Stamp title="pp gssp" {...props} />;
}
