import '../lib/style.css';

export const metadata = {
  title: { default: 'Selvedge demo', template: '%s · Selvedge demo' },
  icons: '/icon.svg',
};
export const viewport = { colorScheme: 'light dark' };

export default function Layout({ children }) {
  return <html lang="en"><body>{children}</body></html>;
}
