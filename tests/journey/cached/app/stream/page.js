import { connection } from 'next/server';
import { Suspense } from 'react';
import { passed } from '../../lib/gate';

async function Late({ name, searchParams }) {
  await connection();
  const { run } = await searchParams;
  await passed(`${run}-${name}`);
  return <p id={`late-${name}`}>{name}</p>;
}

/** A shell at once, and two parts that come when the test lets them. */
export default function Stream({ searchParams }) {
  return (
    <main>
      <h1 id="title">stream</h1>
      <Suspense fallback={<p>first …</p>}>
        <Late name="first" searchParams={searchParams} />
      </Suspense>
      <Suspense fallback={<p>second …</p>}>
        <Late name="second" searchParams={searchParams} />
      </Suspense>
    </main>
  );
}
