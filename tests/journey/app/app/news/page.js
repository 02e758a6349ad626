import { unstable_cache } from 'next/cache';
import { draftMode } from 'next/headers';
import Page from '../../lib/page';
import { state } from '../../lib/state';

export const revalidate = 3600;

const read = unstable_cache(async () => state.news, ['news'], { tags: ['news'] });

export default async function News() {
  const { isEnabled } = await draftMode();
  return (
    <Page title="news">
      <output id="news">{isEnabled ? `draft of ${state.news}` : await read()}</output>
    </Page>
  );
}
