import Stamp from '../../lib/stamp';
import { rendered } from '../../lib/state';

export function getStaticProps() {
  return { props: rendered('/pp/gsp-norev') };
}

export default function GspNorev(props) {
  return <Stamp title="pp gsp-norev" {...props} />;
}
