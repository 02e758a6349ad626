// Another visitor, another page: the `user` cookie is in the body. The preload becomes a Link header.
import { preload } from 'react-dom';
import { cookies } from 'next/headers';
import Page from '../../lib/page';

export default async function Dyn() {
  const user = (await cookies()).get('user')?.value ?? 'nobody';
  preload('/pic.png', { as: 'image', fetchPriority: 'high' });
  return (
    <Page path="/dyn" title="dyn">
      <p id="user">{user}</p>
      <img src="/pic.png" alt="" width="80" height="60" />
    </Page>
  );
}
