import { notFound } from 'next/navigation';
import Page from '../../../lib/page';
import { rendered } from '../../../lib/state';

export const revalidate = 10;

export function generateStaticParams() {
  return [{ slug: 'one' }];
}

export default async function Post({ params }) {
  const { slug } = await params;
  if (slug.startsWith('nf')) {
    rendered(`/blog/${slug}`);
    notFound();
  }
  if (slug.startsWith('boom')) {
    rendered(`/blog/${slug}`);
    throw new Error(`boom: ${slug}`);
  }
  return <Page path={`/blog/${slug}`} title={`blog ${slug}`} />;
}
