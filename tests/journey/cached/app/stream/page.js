import { connection } from 'next/server';
import { Suspense } from 'react';
import { sleep } from '../../lib/state';

async function Late({ ms }) {
  await connection();
  await sleep(ms);
  return <p id={`late-${ms}`}>after {ms} ms</p>;
}

/** A shell at once, and two parts that come later. */
export default function Stream() {
  return (
    <main>
      <h1 id="title">stream</h1>
      <Suspense fallback={<p>first …</p>}>
        <Late ms={400} />
      </Suspense>
      <Suspense fallback={<p>second …</p>}>
        <Late ms={900} />
      </Suspense>
    </main>
  );
}
