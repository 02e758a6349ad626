export const revalidate = 600;

// Behind the middleware.
export default function Page() {
  return <p>for members</p>;
}
