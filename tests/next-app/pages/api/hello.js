import { rendered } from '../../lib/state';

export default function hello(req, res) {
  if (req.query.cc === '1') {
    res.setHeader('Cache-Control', 'public, s-maxage=10, stale-while-revalidate=59');
  }
  res.status(200).json({ hello: 'world', ...rendered('/api/hello') });
}
