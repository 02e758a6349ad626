import Link from 'next/link';
import Page from '../lib/page';
import stops from '../lib/stops.json';

export default function Overview() {
  return (
    <Page path="/" at={new Date()}>
      <ul className="stops">
        {stops.slice(1).map(({ path, title, kept }) => (
          <li key={path}><Link href={path}><code>{path}</code><b>{title}</b><span className="kept">kept: {kept}</span></Link></li>
        ))}
      </ul>
    </Page>
  );
}
