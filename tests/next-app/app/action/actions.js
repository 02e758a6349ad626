'use server';

import { revalidatePath } from 'next/cache';
import { redirect } from 'next/navigation';
import { countAction } from '../../lib/state';

export async function increment() {
  countAction();
  revalidatePath('/isr-slow');
}

export async function leave() {
  redirect('/static');
}
