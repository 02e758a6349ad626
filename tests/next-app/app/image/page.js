import Image from 'next/image';
import Page from '../../lib/page';
import hero from './hero.png';

export default function Images() {
  return (
    <Page path="/image" title="image">
      <Image id="pic" src="/pic.png" alt="public" width={320} height={240} loading="eager" />
      <Image id="hero" src={hero} alt="imported" width={320} height={240} loading="eager" />
    </Page>
  );
}
