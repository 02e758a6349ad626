import Page from '../../../../lib/page';

export const revalidate = 30;

export function generateStaticParams() {
  return [{ id: '1' }, { id: '2' }];
}

export default async function Photo({ params }) {
  const { id } = await params;
  return <Page path={`/gallery/photo/${id}`} title={`photo ${id}`} />;
}
