'use server';

import { updateTag } from 'next/cache';
import { state } from '../../lib/state';

export async function publish(form) {
  state.news = form.get('text');
  updateTag('items');
}
