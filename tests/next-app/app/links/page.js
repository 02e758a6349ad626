import Link from 'next/link';
import Page from '../../lib/page';

const targets = ['/static', '/isr', '/dyn', '/blog/one', '/pp/gsp'];

export default function Links() {
  return (
    <Page path="/links" title="links">
      <ul>
        {targets.map((href) => (
          <li key={href}>
            <Link href={href}>{href}</Link>
          </li>
        ))}
      </ul>
    </Page>
  );
}
