// What a browser makes of the application: node browser.mjs http://localhost:3000
//
// One line per check, `ok <name>` or `FAIL <name>: why`; the exit code is 1 if any failed.
//   CHROMIUM         the browser (default /usr/bin/chromium)
//   PLAYWRIGHT_CORE  the folder of playwright-core, where it cannot be resolved from here (package-16.json has it)
//   SKIP             names of checks not to run, separated by commas
// Chromium takes the Secure draft cookie over plain HTTP from localhost and 127.0.0.1 only.
import { launch } from '../support/chromium.mjs';

const base = (process.argv[2] ?? process.env.BASE ?? '').replace(/\/$/, '');
if (!base) {
  console.error('usage: node browser.mjs BASE_URL');
  process.exit(64);
}
const skipped = new Set((process.env.SKIP ?? '').split(',').filter(Boolean));

const browser = await launch();
const page = await browser.newPage();
page.setDefaultTimeout(10_000);

const complaints = [];
page.on('pageerror', (error) => complaints.push(`page error: ${error.message}`));
page.on('console', (message) => {
  if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico')) {
    complaints.push(`console: ${message.text()} (${message.location().url})`);
  }
});

// Full loads of a document, as opposed to navigations that the client-side router makes.
let documents = 0;
page.on('request', (request) => {
  if (request.isNavigationRequest() && request.frame() === page.mainFrame()) documents += 1;
});

let failures = 0;
async function check(name, body) {
  if (skipped.has(name)) {
    console.log(`skip ${name}`);
    return;
  }
  try {
    await body();
    console.log(`ok ${name}`);
  } catch (error) {
    failures += 1;
    console.log(`FAIL ${name}: ${error.message.split('\n')[0]}`);
  }
}

function equal(actual, expected, what) {
  if (actual !== expected) throw new Error(`${what}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
}

const open = (path, options) => page.goto(base + path, options);
/** Opens an App Router page and waits until links and forms are the router's. Not `networkidle`: Chromium renews what its
 *  own cache holds stale (the origin's stale-while-revalidate), and such requests are never seen to end. */
async function start(path) {
  await open(path);
  await page.locator('html[data-ready]').waitFor();
}
const text = (selector) => page.locator(selector).first().textContent();
const seen = (selector, content) => page.locator(selector, { hasText: new RegExp(`^${content}$`) }).first().waitFor();
const title = (content) => seen('#title', content);

/** Runs `body` and insists that it loaded exactly `expected` documents. */
async function loading(expected, body) {
  const before = documents;
  await body();
  equal(documents - before, expected, 'documents loaded');
}

/** The state of a page as a visitor without JavaScript gets it: [title, time of the render]. */
async function fetched(path) {
  const html = await (await page.request.get(base + path)).text();
  return [html.match(/id="title">([^<]*)/)?.[1], html.match(/id="at">([^<]*)/)?.[1]];
}

await check('links', async () => {
  await start('/links');
  await title('links');
});

for (const [path, name] of [['/static', 'static'], ['/isr', 'isr'], ['/dyn', 'dyn'], ['/blog/one', 'blog one']]) {
  await check(`click ${path}`, () =>
    loading(0, async () => {
      await page.click(`a[href="${path}"]`);
      await title(name);
      await page.waitForURL(base + path);
      await page.goBack();
      await title('links');
    }),
  );
}

await check('click /pp/gsp', async () => {
  await page.click('a[href="/pp/gsp"]');
  await title('pp gsp'); // another router: this one is a document
  await page.goBack();
  await title('links');
});

await check('reload after client navigation', async () => {
  await start('/links');
  await page.click('a[href="/static"]');
  await title('static');
  const response = await page.reload();
  equal(response.headers()['content-type']?.split(';')[0], 'text/html', 'content type');
  equal(await page.evaluate(() => document.contentType), 'text/html', 'document.contentType');
  await title('static');
  await page.goBack();
  await title('links');
  equal(await page.evaluate(() => document.contentType), 'text/html', 'document.contentType after going back');
});

await check('stream', async () => {
  await open('/stream', { waitUntil: 'commit' });
  await page.locator('#waiting').waitFor(); // the shell is shown before the rest has come
  await seen('#late', 'late');
});

await check('action', async () => {
  await start('/action');
  const before = Number(await text('#counter'));
  await loading(0, async () => {
    for (const clicks of [1, 2]) {
      await page.click('#increment');
      await seen('#counter', before + clicks);
    }
  });
});

await check('action revalidates', async () => {
  const [name, at] = await fetched('/isr-slow');
  equal(name, 'isr-slow', 'title');
  equal((await fetched('/isr-slow'))[1], at, 'time of an unchanged page');
  await start('/action');
  const before = Number(await text('#counter'));
  await page.click('#increment');
  await seen('#counter', before + 1);
  const [, after] = await fetched('/isr-slow');
  if (!(Number(after) > Number(at))) throw new Error(`/isr-slow is still the render of ${at}`);
});

await check('action redirects', () =>
  loading(1, async () => {
    await start('/action');
    await page.click('#leave');
    await title('static');
    await page.waitForURL(`${base}/static`);
  }),
);

await check('draft on', async () => {
  await open('/api/draft');
  for (const path of ['/isr', '/isr-slow']) {
    await open(path);
    equal(await text('#mode'), 'draft', path);
  }
});

await check('draft off', async () => {
  await open('/api/draft/off');
  for (const path of ['/isr', '/isr-slow']) {
    await open(path);
    equal(await text('#mode'), 'published', path);
  }
});

await check('gallery modal', async () => {
  await start('/gallery');
  await loading(0, async () => {
    await page.click('a[href="/gallery/photo/1"]');
    await page.locator('#modal').waitFor();
    await page.waitForURL(`${base}/gallery/photo/1`);
    await title('gallery'); // still there, below the modal
  });
});

await check('gallery reload', async () => {
  await start('/gallery');
  await page.click('a[href="/gallery/photo/1"]');
  await page.locator('#modal').waitFor();
  await page.reload();
  await title('photo 1');
  equal(await page.locator('#modal').count(), 0, 'modals');
});

await check('images', async () => {
  await open('/image');
  for (const id of ['pic', 'hero']) {
    const width = await page.locator(`#${id}`).evaluate(async (image) => {
      await image.decode();
      return image.naturalWidth;
    });
    if (!(width > 0)) throw new Error(`#${id} has no pixels`);
  }
});

await check('no complaints', () => {
  if (complaints.length > 0) throw new Error(complaints.join(' | '));
});

await browser.close();
process.exit(failures === 0 ? 0 : 1);
