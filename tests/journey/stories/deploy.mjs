// A new build is deployed while a page is open.
import { equal, hand, sleep, tell, visitor } from './lib.mjs';

/** A page whose code and whose content are of one build, and which. */
async function build(someone) {
  const content = await someone.page.locator('main').getAttribute('data-build');
  equal(await someone.page.locator('html').getAttribute('data-ready'), content, 'the build of the code');
  return content;
}

await tell(async () => {
  const [early, reader] = [await visitor(), await visitor()];
  await early.open('/');
  await reader.open('/list');
  equal(await build(early), 'a', 'the build before');
  await hand('deploy');
  // The edge looks which build answers when somebody comes; he may still be given the old one, all of it.
  const first = await visitor();
  await first.open('/about');
  await build(first);
  await sleep(1_000);

  // Somebody new, by the address and by links.
  const late = await visitor();
  await late.open('/');
  equal(await build(late), 'b', 'the build of a new visitor');
  await late.follow('/about', 'about');
  equal(await build(late), 'b', 'the build of the next page');
  await late.open('/post/2');
  equal(await build(late), 'b', 'the build of a prerendered page');
  equal(late.documents, 2, 'documents of a new visitor');

  // What was prefetched is shown as it was; whatever else is asked for loads the page anew.
  for (const someone of [early, reader]) {
    await someone.click('/about', 'about');
    await build(someone);
    await someone.click('/live', 'live');
    equal(await build(someone), 'b', 'the build after a request');
    await someone.click('/news', 'news');
    equal(await build(someone), 'b', 'the build from then on');
    await someone.back('live');
    await someone.back('about');
    await build(someone);
  }
  for (const someone of [early, reader, first, late]) equal(someone.complaints, [], 'complaints');
});
