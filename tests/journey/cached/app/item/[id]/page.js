import { cacheLife, cacheTag } from 'next/cache';
import { cookies } from 'next/headers';
import { Suspense } from 'react';
import { sleep, state } from '../../../lib/state';

export function generateStaticParams() {
  return Array.from({ length: 20 }, (_, at) => ({ id: String(at + 1) }));
}

async function load(id) {
  'use cache';
  cacheTag('items');
  cacheLife('hours');
  return `item ${id}: ${state.news}`;
}

/** Whoever asks, told late. */
async function Visitor() {
  const name = (await cookies()).get('name')?.value ?? 'nobody';
  await sleep(300);
  return <output id="visitor">{name}</output>;
}

export default async function Item({ params }) {
  const { id } = await params;
  return (
    <main>
      <h1 id="title">{await load(id)}</h1>
      <Suspense fallback={<p id="waiting">…</p>}>
        <Visitor />
      </Suspense>
    </main>
  );
}
