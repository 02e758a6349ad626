// The middleware adds a Set-Cookie.
import Page from '../../lib/page';

export const revalidate = 10;

export default function Mwcookie() {
  return <Page path="/mwcookie" title="mwcookie" />;
}
