import { Suspense } from 'react';
import Page from '../../lib/page';
import { sleep } from '../../lib/state';

export const dynamic = 'force-dynamic';

async function Late() {
  await sleep(600);
  return <p id="late">late</p>;
}

export default function Stream() {
  return (
    <Page path="/stream" title="stream">
      <Suspense fallback={<p id="waiting">waiting</p>}>
        <Late />
      </Suspense>
    </Page>
  );
}
