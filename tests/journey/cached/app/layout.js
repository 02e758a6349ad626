import Link from 'next/link';
import Ready from '../lib/ready';

export const metadata = { title: 'journey', icons: { icon: 'data:,' } };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <nav>
          <Link href="/">/</Link>
          <Link href="/edit">/edit</Link>
        </nav>
        {children}
        <Ready />
      </body>
    </html>
  );
}
