// On-demand revalidation of a page of the Pages Router: /api/revalidate?path=/pp/gsp
export default async function revalidate(req, res) {
  const path = req.query.path ?? '/pp/gsp';
  res.setHeader('Cache-Control', 'no-store');
  await res.revalidate(path);
  res.status(200).json({ path });
}
