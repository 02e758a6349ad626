import { Suspense } from 'react';
import Page, { work } from '../../lib/page';

export const metadata = { title: 'Stream' };
export const dynamic = 'force-dynamic';

const PARTS = [['The warp', 500], ['The weft', 1100], ['The selvedge', 2000]];

export default function Stream() {
  const start = Date.now();
  return (
    <Page path="/stream" at={new Date(start)}>
      <ol className="parts">
        {PARTS.map(([name, ms]) => (
          <Suspense key={name} fallback={<li className="waiting">{name} is on its way</li>}>
            <Part name={name} ms={ms} start={start} />
          </Suspense>
        ))}
      </ol>
    </Page>
  );
}

async function Part({ name, ms, start }) {
  await work(ms);
  return <li>{name}, {Date.now() - start} ms later</li>;
}
