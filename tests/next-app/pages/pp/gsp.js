import Stamp from '../../lib/stamp';
import { rendered } from '../../lib/state';

export function getStaticProps({ preview = false }) {
  return { props: { preview, ...rendered('/pp/gsp') }, revalidate: 10 };
}

export default function Gsp({ preview, ...props }) {
  return (
    <Stamp title="pp gsp" {...props}>
      <p id="mode">{preview ? 'preview' : 'published'}</p>
    </Stamp>
  );
}
