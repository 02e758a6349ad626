import { draftMode } from 'next/headers';
import Page from '../../lib/page';

export const revalidate = 2;

export default async function Isr() {
  const { isEnabled } = await draftMode();
  return (
    <Page path="/isr" title="isr">
      <p id="mode">{isEnabled ? 'draft' : 'published'}</p>
    </Page>
  );
}
