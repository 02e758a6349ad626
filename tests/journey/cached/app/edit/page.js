import { publish } from './actions';

export default function Edit() {
  return (
    <main>
      <h1 id="title">edit</h1>
      <form action={publish}>
        <input id="text" name="text" />
        <button id="publish">publish</button>
      </form>
    </main>
  );
}
