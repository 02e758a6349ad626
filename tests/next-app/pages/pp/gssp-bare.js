import Stamp from '../../lib/stamp';
import { rendered } from '../../lib/state';

export function getServerSideProps() {
  return { props: rendered('/pp/gssp-bare') };
}

export default function GsspBare(props) {
  return <Stamp title="pp gssp-bare" {...props} />;
}
