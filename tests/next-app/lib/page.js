// App Router pages are all alike: count the render, show the stamp. Server components only.
import Stamp from './stamp';
import { rendered } from './state';

export default function Page({ path, title, children }) {
  const { at, n } = rendered(path);
  return <Stamp title={title} at={at} n={n}>{children}</Stamp>;
}
