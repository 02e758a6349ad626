'use server';

import { revalidateTag, updateTag } from 'next/cache';
import { state } from '../../lib/state';

export async function publish(form) {
  state.news = form.get('text');
  updateTag('news');
}

export async function publishSoon(form) {
  state.news = form.get('text');
  revalidateTag('news', 'max');
}
