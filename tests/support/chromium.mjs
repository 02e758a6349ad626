// Debian's Chromium, by playwright-core, without what a closed network would refuse.
//
//   CHROMIUM         the browser (default /usr/bin/chromium)
//   PLAYWRIGHT_CORE  the folder of playwright-core, where it cannot be resolved from here
import { createRequire } from 'node:module';

const { chromium } = createRequire(import.meta.url)(process.env.PLAYWRIGHT_CORE ?? 'playwright-core');

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
