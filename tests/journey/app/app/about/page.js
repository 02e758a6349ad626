import Page from '../../lib/page';

export default function About() {
  return <Page title="about" />;
}
