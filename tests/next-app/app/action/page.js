import Page from '../../lib/page';
import { actions } from '../../lib/state';
import { increment, leave, write } from './actions';

export const dynamic = 'force-dynamic';

export default function Action() {
  return (
    <Page path="/action" title="action">
      <output id="counter">{actions()}</output>
      <form action={increment}>
        <button id="increment">increment</button>
      </form>
      <form action={leave}>
        <button id="leave">leave</button>
      </form>
      <form action={write}>
        <button id="write">write</button>
      </form>
    </Page>
  );
}
