'use server';

import * as cache from 'next/cache';
import { state } from '../../lib/state';

export async function publish(form) {
  state.news = form.get('text');
  // Next.js 16 has a word of its own for "and let me read it".
  (cache.updateTag ?? cache.revalidateTag)('news');
}

export async function publishSoon(form) {
  state.news = form.get('text');
  cache.revalidateTag('news', 'max');
}
