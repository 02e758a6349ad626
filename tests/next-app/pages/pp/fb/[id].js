import { useRouter } from 'next/router';
import Stamp from '../../../lib/stamp';
import { rendered } from '../../../lib/state';

export function getStaticPaths() {
  return { paths: [{ params: { id: '1' } }], fallback: true };
}

export function getStaticProps({ params: { id } }) {
  return { props: { id, ...rendered(`/pp/fb/${id}`) }, revalidate: 10 };
}

export default function Fb({ id, ...props }) {
  // The shell that goes out at once for a path nobody has asked for yet.
  if (useRouter().isFallback) return <Stamp title="pp fb loading" />;
  return <Stamp title={`pp fb ${id}`} {...props} />;
}
