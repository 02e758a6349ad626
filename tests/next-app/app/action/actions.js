'use server';

import * as cache from 'next/cache';
import { redirect } from 'next/navigation';
import { countAction } from '../../lib/state';

export async function increment() {
  countAction();
  cache.revalidatePath('/isr-slow');
}

// Next.js 16 has a word of its own for "and let me read it".
export async function write() {
  (cache.updateTag ?? cache.revalidateTag)('t1');
}

export async function leave() {
  redirect('/static');
}
