// The request as it came over the wire: header names and values in order, and the body's size and hash.
import { createHash } from 'node:crypto';
import { rendered } from '../../lib/state';

export const config = { api: { bodyParser: false } };

export default async function raw(req, res) {
  rendered('/api/raw');
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of req) {
    hash.update(chunk);
    length += chunk.length;
  }
  const headers = [];
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    headers.push([req.rawHeaders[i], req.rawHeaders[i + 1]]);
  }
  res.setHeader('Cache-Control', 'no-store');
  res.status(200).json({ method: req.method, url: req.url, headers, length, sha256: hash.digest('hex') });
}
