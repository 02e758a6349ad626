import Page from '../lib/page';

export default function Home() {
  return <Page title="home" />;
}
