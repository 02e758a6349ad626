import { cookies } from 'next/headers';
import Page, { work } from '../../lib/page';

export const metadata = { title: 'Dynamic' };

export default async function Dynamic() {
  const name = (await cookies()).get('demo-name')?.value;
  await work(300);
  return (
    <Page path="/dynamic" at={new Date()}>
      <form method="post" action="/api/name">
        <label htmlFor="name">{name ? `Hello, ${name}.` : 'Hello, whoever you are.'}</label>
        <input id="name" name="name" placeholder="Your name" maxLength={20} autoComplete="off" />
        <button>Remember me</button>
      </form>
    </Page>
  );
}
