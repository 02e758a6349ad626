import Page from '../../../lib/page';

export const dynamicParams = false;

export function generateStaticParams() {
  return [{ slug: 'a' }, { slug: 'b' }];
}

export default async function Strict({ params }) {
  const { slug } = await params;
  return <Page path={`/strict/${slug}`} title={`strict ${slug}`} />;
}
