// The part that every page has: a stable title, and the time and number of the render that made it.
export default function Stamp({ title, at, n, children }) {
  return (
    <main>
      <h1 id="title">{title}</h1>
      <time id="at" suppressHydrationWarning>{at}</time> <span id="n" suppressHydrationWarning>{n}</span>
      {children}
    </main>
  );
}
