import Link from 'next/link';

const items = Array.from({ length: 20 }, (_, at) => String(at + 1));

/** Twenty links in view: the shell of each is prefetched. */
export default function Home() {
  return (
    <main>
      <h1 id="title">home</h1>
      {items.map((id) => (
        <Link key={id} className="item" href={`/item/${id}`}>
          {id}
        </Link>
      ))}
    </main>
  );
}
