// Twenty visitors take the same walk, some at once: the first costs the origin something, the others nothing.
import { equal, requests, tell, visitor } from './lib.mjs';
import { walk } from './walk.mjs';

async function visit() {
  const someone = await visitor();
  await walk(someone);
  equal(someone.complaints, [], 'complaints');
  equal(someone.documents, 3, 'documents loaded');
  await someone.leave();
}

await tell(async () => {
  await visit();
  const first = await requests();
  await visit();
  equal(await requests(), [], 'what the second visitor costs');
  for (let crowd = 0; crowd < 6; crowd += 1) await Promise.all([visit(), visit(), visit()]);
  equal(await requests(), [], 'what eighteen more cost');
  console.log(`${first.length} requests to the origin: all by the first visitor, none by 19 others`);
});
