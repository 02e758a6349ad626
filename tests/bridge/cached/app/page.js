import { cacheLife, cacheTag } from 'next/cache';

async function load() {
  'use cache';
  cacheTag('deep', 'tür');
  cacheLife({ revalidate: 3600, expire: 7200 });
  return Date.now();
}

export default async function Page() {
  return <time id="at">{await load()}</time>;
}
