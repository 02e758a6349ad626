import Page from '../../../lib/page';

export const revalidate = 3600;

export function generateStaticParams() {
  return [{ id: '1' }, { id: '2' }];
}

export default async function Post({ params }) {
  const { id } = await params;
  return <Page title={`post ${id}`} />;
}
