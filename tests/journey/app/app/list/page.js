import Link from 'next/link';
import Page from '../../lib/page';

const posts = Array.from({ length: 20 }, (_, at) => String(at + 1));

/** Twenty links in view: each is prefetched. */
export default function List() {
  return (
    <Page title="list">
      {posts.map((id) => (
        <Link key={id} className="post" href={`/post/${id}`}>
          {id}
        </Link>
      ))}
    </Page>
  );
}
