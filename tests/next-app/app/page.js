import Page from '../lib/page';

export default function Home() {
  return <Page path="/" title="home" />;
}
