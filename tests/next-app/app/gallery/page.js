import Link from 'next/link';
import Page from '../../lib/page';

export default function Gallery() {
  return (
    <Page path="/gallery" title="gallery">
      <Link href="/gallery/photo/1">photo 1</Link> <Link href="/gallery/photo/2">photo 2</Link>
    </Page>
  );
}
