export async function getStaticProps() {
  return { props: { text: 'for members' }, revalidate: 600 };
}

// Behind the middleware.
export default function Page({ text }) {
  return <p>{text}</p>;
}
