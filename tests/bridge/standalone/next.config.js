// A small application for Next.js 14 and 15, standalone. Lies in a folder of the built fixture, whose
// `node_modules` it uses.
const path = require('node:path');
const root = path.resolve(__dirname, '..');
const major = Number.parseInt(require('next/package.json').version, 10);

module.exports = {
  output: 'standalone',
  ...(major >= 15 ? { outputFileTracingRoot: root } : { experimental: { outputFileTracingRoot: root } }),
};
