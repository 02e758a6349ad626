import Image from 'next/image';
import Page from '../../lib/page';

export const metadata = { title: 'Image' };

export default function Picture() {
  return (
    <Page path="/image" at={new Date()} of="main img">
      <Image src="/cloth.png" width={960} height={540} sizes="(max-width: 46rem) 92vw, 42rem" loading="eager"
        alt="A piece of denim: on the left its white selvedge with a red thread, on the right a cut edge that unravels" />
    </Page>
  );
}
