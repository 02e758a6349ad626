import Ready from './ready';

/** A page that says which build rendered it, and when. */
export default function Page({ title, children }) {
  return (
    <main data-build={process.env.BUILD} data-title={title}>
      <h1 id="title">{title}</h1>
      <time id="at">{Date.now()}</time>
      {children}
      <Ready />
    </main>
  );
}
