// The application of tests/journey. BUILD names the deployment: it is in pages and in chunks, so that a test sees
// which build each is from. Built somewhere below Cargo's target folder, in which `node_modules` lies one further up.
const path = require('node:path');
const major = Number.parseInt(require('next/package.json').version, 10);
const root = path.resolve(__dirname, '..');

module.exports = {
  env: { BUILD: process.env.BUILD ?? 'a' },
  ...(major >= 15 ? { outputFileTracingRoot: root } : { experimental: { outputFileTracingRoot: root } }),
  ...(major >= 16 && { turbopack: { root } }),
};
