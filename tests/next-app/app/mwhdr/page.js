// The middleware sets its Cache-Control.
import Page from '../../lib/page';

export const revalidate = 10;

export default function Mwhdr() {
  return <Page path="/mwhdr" title="mwhdr" />;
}
