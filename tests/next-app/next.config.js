// One configuration for Next.js 14, 15 and 16. What differs between them is asked of the installed version.
process.env.NEXT_TELEMETRY_DISABLED = '1';

const path = require('node:path');
const major = Number.parseInt(require('next/package.json').version, 10);

const config = {
  // Fixed, so that /_next/data/fixture/... can be written in a test. A second "deployment" sets FIXTURE_BUILD_ID.
  generateBuildId: () => process.env.FIXTURE_BUILD_ID || 'fixture',

  images: {
    domains: ['plain.example'],
    remotePatterns: [
      { protocol: 'https', hostname: '**.pictures.example', port: '', pathname: '/public/**', search: '' },
      { hostname: 'cdn-*.example', port: '8080' },
    ],
    localPatterns: [{ pathname: '/*', search: '' }, { pathname: '/image/**' }],
  },

  async headers() {
    const rules = [
      rule('/hdrcc', 'public, max-age=123, s-maxage=456'),
      rule('/dyncc', 'public, max-age=1, s-maxage=456'),
      rule('/data.txt', 'public, max-age=600'),
    ];
    // Off by default: the framework's own `immutable` is what most applications have.
    if (process.env.FIXTURE_OVERRIDE_STATIC === '1') {
      rules.push(rule('/_next/static/:path*', 'public, max-age=77'));
    }
    return rules;
  },

  async redirects() {
    return [
      { source: '/old', destination: '/static', permanent: true },
      { source: '/old-temp', destination: '/static', permanent: false },
    ];
  },
};

function rule(source, value) {
  return { source, headers: [{ key: 'Cache-Control', value }] };
}

if (process.env.FIXTURE_STANDALONE === '1') {
  config.output = 'standalone';
}

// Read at run time: the path of a cache handler.
if (process.env.FIXTURE_CACHE_HANDLER) {
  config.cacheHandler = process.env.FIXTURE_CACHE_HANDLER;
}

// The tree is built somewhere below a Cargo target directory; without a root, Next looks for lock files further up.
const root = path.resolve(__dirname);
if (major >= 15) {
  config.outputFileTracingRoot = root;
} else {
  config.experimental = { outputFileTracingRoot: root };
}
if (major >= 16) {
  config.turbopack = { root };
}

module.exports = config;
