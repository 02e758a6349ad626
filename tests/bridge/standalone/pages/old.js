export default function Old({ at }) {
  return <time id="at">{at}</time>;
}

export function getStaticProps() {
  return { props: { at: Date.now() }, revalidate: 3600 };
}
