import Stamp from '../../../lib/stamp';
import { rendered } from '../../../lib/state';

export function getStaticPaths() {
  return { paths: [{ params: { id: '1' } }], fallback: 'blocking' };
}

export function getStaticProps({ params: { id } }) {
  const stamp = rendered(`/pp/ssg-dyn/${id}`);
  if (id.startsWith('nf')) return { notFound: true, revalidate: 10 };
  if (id.startsWith('rd')) return { redirect: { destination: '/static', permanent: false }, revalidate: 10 };
  if (id.startsWith('boom')) throw new Error(`boom: ${id}`);
  return { props: { id, ...stamp }, revalidate: 10 };
}

export default function SsgDyn({ id, ...props }) {
  return <Stamp title={`pp ssg-dyn ${id}`} {...props} />;
}
