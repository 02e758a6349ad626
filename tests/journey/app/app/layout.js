import Link from 'next/link';

export const metadata = { title: 'journey', icons: { icon: 'data:,' } };

const targets = ['/', '/about', '/list', '/news', '/write', '/post/1'];

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <nav>
          {targets.map((href) => (
            <Link key={href} href={href}>
              {href}
            </Link>
          ))}
          <Link href="/live" prefetch={false}>
            /live
          </Link>
        </nav>
        {children}
      </body>
    </html>
  );
}
