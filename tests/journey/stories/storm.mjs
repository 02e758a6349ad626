// Twenty links in view, and each is prefetched: what the second visitor's browser asks for comes from memory.
//
// How much that is depends on which answer a browser has first: it asks for the tree of one page of a route or of
// some, and with Partial Prefetching (STORY_SHELLS) for the shell of one page and uses it for all twenty. So a later
// visitor may ask for what nobody has asked for yet; but nothing is asked for twice.
import { equal, requests, tell, until, visitor } from './lib.mjs';

const { STORY_PATH: path, STORY_SHELLS: shells } = process.env;

/** Prefetches that there are at least. */
const least = shells ? 3 : 20;

const isPrefetch = ([url]) => url !== path && !url.startsWith('/_next/');

/** What one visitor's browser asked for, beside documents and files. */
async function look() {
  const someone = await visitor();
  await someone.open(path);
  // A busy browser has the page, and prefetches when it finds the time. Whoever left before that would leave all of
  // it to the next.
  await until(() => someone.answers.filter(isPrefetch).length >= least);
  await someone.settle();
  const asked = someone.take().filter(isPrefetch);
  equal(someone.complaints, [], 'complaints');
  await someone.leave();
  return asked;
}

await tell(async () => {
  const counts = [(await look()).length];
  const first = await requests();
  let missed = 0;
  for (let more = 0; more < 3; more += 1) {
    const asked = await look();
    counts.push(asked.length);
    missed += asked.filter(([, , story]) => !/^selvedge; hit/.test(story)).length;
  }
  const all = await requests();
  // A visitor who leaves early may have left a file of the build to be asked for by the next.
  const later = all.filter((request) => !request.includes(' /_next/static/'));
  equal(later.length, missed, `misses of later visitors, who cost ${later}`);
  const seen = new Set();
  const again = [...first, ...all].filter((request) => seen.size === seen.add(request).size);
  equal(again, [], 'asked for twice');
  if (!shells) equal(later.filter((request) => !request.endsWith('=/_tree')), [], 'what later visitors cost');
  if (Math.min(...counts) < least) throw new Error(`prefetches: ${counts}`);
  console.log(`${counts} prefetches; the origin had ${first.length} requests by the first visitor, ${later.length} by others`);
});
