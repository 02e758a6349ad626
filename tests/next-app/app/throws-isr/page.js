// Prerendered; every later render throws while /api/fail?on=1 holds.
import Page from '../../lib/page';
import { failing, rendered } from '../../lib/state';

export const revalidate = 2;

export default function ThrowsIsr() {
  if (failing()) {
    rendered('/throws-isr');
    throw new Error('failing, as asked');
  }
  return <Page path="/throws-isr" title="throws-isr" />;
}
