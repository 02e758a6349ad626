import Page from '../../lib/page';

export default function Static() {
  return <Page path="/static" title="static" />;
}
