import { draftMode } from 'next/headers';
import Page from '../../lib/page';

export const revalidate = 3600;

export default async function IsrSlow() {
  const { isEnabled } = await draftMode();
  return (
    <Page path="/isr-slow" title="isr-slow">
      <p id="mode">{isEnabled ? 'draft' : 'published'}</p>
    </Page>
  );
}
