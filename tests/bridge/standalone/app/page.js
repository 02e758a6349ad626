import { unstable_cache } from 'next/cache';

export const revalidate = 3600;

const load = unstable_cache(async () => Date.now(), ['at'], { tags: ['t'] });

export default async function Page() {
  return <time id="at">{await load()}</time>;
}
