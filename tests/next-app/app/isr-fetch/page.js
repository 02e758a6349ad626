import { unstable_cache } from 'next/cache';
import Page from '../../lib/page';

// A tagged entry of the data cache, as fetch(url, { next: { tags } }) makes one, without a server to fetch from at build time.
const load = unstable_cache(async () => Date.now(), ['isr-fetch'], { tags: ['t1'], revalidate: 3600 });

export default async function IsrFetch() {
  const loaded = await load();
  return (
    <Page path="/isr-fetch" title="isr-fetch">
      <p id="loaded">{loaded}</p>
    </Page>
  );
}
