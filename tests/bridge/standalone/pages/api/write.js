export default async function handler(_request, response) {
  await response.revalidate('/old');
  response.status(204).end();
}
