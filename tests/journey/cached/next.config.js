// The application of tests/journey with Cache Components: pages are a static shell with holes.
const path = require('node:path');
const root = path.resolve(__dirname, '..');

module.exports = {
  cacheComponents: true,
  partialPrefetching: process.env.PARTIAL === 'true',
  env: { BUILD: process.env.BUILD ?? 'a' },
  outputFileTracingRoot: root,
  turbopack: { root },
};
