// The dashboard, as whoever runs an edge sees it: dashboard.mjs http://EDGE, with ADMIN, LOCKED (the admin
// side of an edge with a token), TOKEN, and ORIGIN, the port that both edges ask. With SHOTS=/tmp/shot there
// are pictures of it: light, dark, on a phone.
import { createServer } from 'node:http';

import { equal, tell, until, visitor } from './lib.mjs';

const edge = process.argv[2];
const { ADMIN, LOCKED, TOKEN, ORIGIN, SHOTS } = process.env;

let rendered = 0;
let deployment = 'one';
createServer((request, response) => {
  rendered += 1;
  const isKept = !request.url.startsWith('/me');
  response.setHeader('content-type', 'text/html');
  response.setHeader('cache-control', isKept ? 's-maxage=60, stale-while-revalidate=600' : 'private, no-store');
  response.setHeader('x-selvedge-tags', 'posts');
  response.setHeader('x-nextjs-deployment-id', deployment);
  response.end(`page ${rendered}`);
}).listen(Number(ORIGIN), '127.0.0.1');

const get = async (path) => (await fetch(edge + path)).headers.get('cache-status');

tell(async () => {
  await until(async () => (await get('/blog/1'))?.includes('hit'));
  const operator = await visitor();
  const { page } = operator;
  const text = (id) => page.locator('#' + id).textContent();

  await page.goto(ADMIN);
  await page.locator('#live.on').waitFor();
  const before = await text('ratio-note');
  for (let turn = 0; turn < 30; turn += 1) await get('/blog/1');
  await get('/blog/<img src=x onerror=alert(1)>?q=2');
  await get('/me');
  await until(async () => (await text('ratio')) !== '–' && (await text('ratio-note')) !== before);
  equal([(await text('ratio')) !== '–', (await text('ratio-note')) !== before], [true, true], 'numbers move');
  console.log(`ok numbers move: ${await text('ratio')} now, ${await text('ratio-note')}`);
  // What the application's folder is called, where the build can be read.
  const row = page.locator('#routes tr', { hasText: '/blog/[slug]' });
  await row.waitFor();
  await until(async () => Number(await row.locator('td').nth(1).textContent()) >= 31);
  equal(Number(await row.locator('td').nth(1).textContent()) >= 31, true, 'the route is counted');
  equal(await page.locator('#routes tr', { hasText: '/me' }).locator('td').last().textContent(), 'no-store', 'why not stored');
  equal(await page.locator('#routes tr', { hasText: '/blog/' }).count(), 1, 'all of a page are one route');
  console.log('ok routes');

  const found = page.locator('#entries-rows tr');
  await page.fill('#search', 'nothing like it');
  await page.locator('#entries-none').waitFor();
  await page.fill('#search', 'blog/1');
  await until(async () => (await found.count()) === 1);
  equal(await found.count(), 1, 'what is searched for is found');
  await found.getByRole('button', { name: '/blog/1' }).click();
  const told = page.locator('#entries-rows tr.why');
  await until(async () => (await told.textContent()).includes('s-maxage=60, stale-while-revalidate=600'));
  equal(/Body\s*identity \d+ B/.test(await told.textContent()), true, 'what is stored is explained');
  await found.first().getByRole('button', { name: '/blog/1' }).click();
  equal(await found.count(), 1, 'and folded again');
  console.log('ok search, and what is found is explained');
  equal((await get('/blog/1')).includes('hit'), true, 'it was stored');
  await page.fill('#search', 'blog/1');
  await until(async () => (await found.count()) === 1);
  await found.getByRole('button', { name: 'Purge' }).click();
  await page.locator('#entries-none').waitFor();
  equal((await get('/blog/1')).includes('fwd='), true, 'a purged page is fetched anew');
  await page.locator('#invalidations', { hasText: '/blog/1' }).waitFor();
  console.log('ok purge');

  deployment = 'two';
  await get('/of-another-deployment');
  const deploy = page.locator('#invalidations tr', { hasText: 'all pages: a new build answers' });
  await deploy.waitFor();
  equal(/build two; \d+ responses?$/.test(await deploy.locator('small').textContent()), true, 'what a deploy has made obsolete');
  equal((await get('/blog/1')).includes('fwd='), true, 'a page of the build before is fetched anew');
  console.log('ok deploy');
  if (SHOTS) await shots(page);

  const look = (scheme) => page.emulateMedia({ colorScheme: scheme }).then(() => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor));
  const [light, dark] = [await look('light'), await look('dark')];
  equal(light !== dark, true, `dark is another colour than light, ${light}`);
  await page.setViewportSize({ width: 390, height: 844 });
  equal(await page.evaluate(() => document.documentElement.scrollWidth), 390, 'a phone need not scroll sideways');
  console.log('ok dark, and on a phone');
  equal(operator.complaints, [], 'nothing to complain about');

  const stranger = await visitor();
  await stranger.page.goto(LOCKED);
  await stranger.page.locator('#token').fill('not the token');
  await stranger.page.keyboard.press('Enter');
  await stranger.page.locator('#ask-why').waitFor();
  equal(await stranger.page.locator('#main').isVisible(), false, 'who has no token sees nothing');
  await stranger.page.locator('#token').fill(TOKEN);
  await stranger.page.keyboard.press('Enter');
  await stranger.page.locator('#live.on').waitFor();
  await stranger.page.reload();
  await stranger.page.locator('#live.on').waitFor();
  console.log('ok token, asked for once');
});

async function shots(page) {
  for (const path of ['/blog/1', '/blog/2', '/about']) await get(path);
  await page.fill('#search', '');
  await page.locator('#entries-rows tr').nth(2).waitFor();
  await page.locator('#entries-rows').getByRole('button', { name: '/blog/2' }).click();
  for (const [name, colorScheme, width] of [['light', 'light', 1240], ['dark', 'dark', 1240], ['phone', 'light', 390]]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 844 });
    await page.screenshot({ path: `${SHOTS}-${name}.png`, fullPage: true });
  }
  await page.setViewportSize({ width: 1280, height: 720 });
}
