import Head from 'next/head';
import Page, { work } from '../lib/page';

export async function getServerSideProps({ res }) {
  res.setHeader('Cache-Control', 'public, s-maxage=10, stale-while-revalidate=59');
  await work(300);
  return { props: { at: Date.now() } };
}

export default function Ssr({ at }) {
  return (
    <>
      <Head><title>SSR · Selvedge demo</title></Head>
      <Page path="/ssr" at={new Date(at)} />
    </>
  );
}
