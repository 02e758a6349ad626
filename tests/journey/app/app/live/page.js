import Page from '../../lib/page';

export const dynamic = 'force-dynamic';

export default function Live() {
  return <Page title="live" />;
}
