// As /dyn, but next.config.js calls it public: what the application says is what it gets.
import { cookies } from 'next/headers';
import Page from '../../lib/page';

export default async function Dyncc() {
  const user = (await cookies()).get('user')?.value ?? 'nobody';
  return (
    <Page path="/dyncc" title="dyncc">
      <p id="user">{user}</p>
    </Page>
  );
}
