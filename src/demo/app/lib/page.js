import Link from 'next/link';
import Look from './look';
import stops from './stops.json';

// The frame of every page, of both routers. What is rendered now is shown as such.
export default function Page({ path, at, of, panel, children }) {
  const here = stops.findIndex((stop) => stop.path === path);
  const stop = stops[here];
  const next = stops[here + 1];
  return (
    <>
      <header>
        <Link className="mark" href="/">selvedge</Link>
        <nav>
          {stops.map(({ path: href, name }) => (
            <Link key={href} href={href} aria-current={href === path ? 'page' : undefined}>{name}</Link>
          ))}
        </nav>
      </header>
      <main>
        <p className="path"><code>{path}</code><span className="kept">kept: {stop.kept}</span></p>
        <h1>{stop.title}</h1>
        <p className="lead"><Text>{stop.lead}</Text></p>
        <dl className="facts">
          <dt>Rendered</dt>
          <dd><time dateTime={at.toISOString()} data-at={at.getTime()}>{at.toISOString().slice(11, 23)} UTC</time></dd>
          <dt>Next.js says</dt>
          <dd><code>{stop.says}</code></dd>
        </dl>
        {children}
        {panel ?? <Look key={path} url={path} of={of} crowd={stop.crowd} />}
        <h2>What to look for</h2>
        <ul>{stop.look.map((text) => <li key={text}><Text>{text}</Text></li>)}</ul>
        {next && <p className="next">Next stop: <Link href={next.path}>{next.title}</Link></p>}
      </main>
      <footer>This is the demo of Selvedge, the self-hosted edge for Next.js.</footer>
    </>
  );
}

// Text in which `this` is code.
export function Text({ children }) {
  return children.split('`').map((part, i) => (i % 2 ? <code key={i}>{part}</code> : part));
}

export const work = (ms) => new Promise((done) => setTimeout(done, ms));
