import Look from '../../lib/look';
import Page from '../../lib/page';

export const metadata = { title: 'Handlers' };

export default function Handlers() {
  const panels = ['/api/time', '/api/random'].map((url) => (
    <div key={url}>
      <p className="path"><code>{url}</code></p>
      <Look url={url} />
    </div>
  ));
  return <Page path="/handlers" at={new Date()} panel={panels} />;
}
