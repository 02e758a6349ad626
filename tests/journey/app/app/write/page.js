import Page from '../../lib/page';
import { publish, publishSoon } from './actions';

export default function Write() {
  return (
    <Page title="write">
      <form action={publish}>
        <input id="text" name="text" />
        <button id="publish">now</button>
        <button id="publish-soon" formAction={publishSoon}>
          soon
        </button>
      </form>
    </Page>
  );
}
