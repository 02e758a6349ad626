export async function getServerSideProps({ req }) {
  return { props: { agent: req.headers['user-agent'] || 'nobody' } };
}

export default function Page({ agent }) {
  return <p>for {agent} alone</p>;
}
