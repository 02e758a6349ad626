import Page from '../../lib/page';

export default async function Search({ searchParams }) {
  const { q } = await searchParams;
  return (
    <Page path="/search" title="search">
      <p id="q">{q ?? ''}</p>
    </Page>
  );
}
