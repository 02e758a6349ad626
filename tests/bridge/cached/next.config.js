// Next.js 16 with Cache Components, standalone, and a handler of the application for `use cache`. Lies in
// a folder of the built fixture, whose `node_modules` it uses.
const path = require('node:path');
const root = path.resolve(__dirname, '..');

module.exports = {
  cacheComponents: true,
  partialPrefetching: true,
  output: 'standalone',
  outputFileTracingRoot: root,
  turbopack: { root },
  cacheHandlers: { default: require.resolve('./handler.js') },
};
