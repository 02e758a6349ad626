export const revalidate = 600;

export default function Page() {
  return <p>for everybody</p>;
}
