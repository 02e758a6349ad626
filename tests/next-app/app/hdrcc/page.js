// next.config.js sets its Cache-Control.
import Page from '../../lib/page';

export const revalidate = 10;

export default function Hdrcc() {
  return <Page path="/hdrcc" title="hdrcc" />;
}
