// No data function: automatically static, and sent without a Cache-Control.
import Stamp from '../../lib/stamp';

export default function Auto() {
  return <Stamp title="pp auto" at={0} n={0} />;
}
