// Twenty visitors take the same walk, some at once: the first costs the origin something, the others nothing.
//
// But for a tree that nobody has asked for yet: which pages of a route a browser asks for the tree of depends on
// which answer it has first (storm.mjs).
//
//   STORY_WITHOUT  there is no edge: what they cost is told, and not judged
import { equal, requests, tell, visitor } from './lib.mjs';
import { walk } from './walk.mjs';

/** How many answers a browser got. */
async function visit() {
  const someone = await visitor();
  await walk(someone);
  equal(someone.complaints, [], 'complaints');
  equal(someone.documents, 3, 'documents loaded');
  await someone.leave();
  return someone.answers.length;
}

const seen = new Set();

/** Judges what somebody has cost, and tells how much it was. */
async function cost(who) {
  const asked = await requests();
  const isNew = (request) => seen.size < seen.add(request).size;
  const needless = asked.filter((request) => !isNew(request) || (who && !request.endsWith('=/_tree')));
  if (!process.env.STORY_WITHOUT) equal(needless, [], `what ${who ?? 'the first visitor'} cost for nothing`);
  return asked.length;
}

await tell(async () => {
  const made = [await visit()];
  const costs = [await cost()];
  made.push(await visit());
  costs.push(await cost('the second visitor'));
  for (let crowd = 0; crowd < 6; crowd += 1) made.push(...(await Promise.all([visit(), visit(), visit()])));
  costs.push(await cost('eighteen more'));
  const sum = (numbers) => numbers.reduce((sum, number) => sum + number);
  const told = `${costs} for the first, the second, 18 more`;
  console.log(`20 visitors got ${sum(made)} answers; the origin had ${sum(costs)} requests: ${told}`);
});
