// One application for three versions that are known to be vulnerable. Never in front of anybody.
process.env.NEXT_TELEMETRY_DISABLED = '1';

const { version } = require('next/package.json');

module.exports = {
  generateBuildId: () => 'build',
  images: { dangerouslyAllowSVG: true },
  // What one run leaves behind must not be there in the next.
  experimental: { isrFlushToDisk: false },
  // With languages, pages of the App Router behave in other ways.
  ...(version.startsWith('13.') && { i18n: { locales: ['en', 'fr'], defaultLocale: 'en' } }),
};
