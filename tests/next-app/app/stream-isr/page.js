import { Suspense } from 'react';
import Page from '../../lib/page';
import { sleep } from '../../lib/state';

export const revalidate = 10;

async function Late() {
  await sleep(600);
  return <p id="late">late</p>;
}

export default function StreamIsr() {
  return (
    <Page path="/stream-isr" title="stream-isr">
      <Suspense fallback={<p id="waiting">waiting</p>}>
        <Late />
      </Suspense>
    </Page>
  );
}
