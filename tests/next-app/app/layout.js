import Ready from '../lib/ready';

export const metadata = { title: 'selvedge fixture', icons: { icon: 'data:,' } };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        {children}
        <Ready />
      </body>
    </html>
  );
}
