// The origin dies while somebody reads.
import { equal, hand, tell, visitor } from './lib.mjs';
import { walk } from './walk.mjs';

await tell(async () => {
  const someone = await visitor();
  await walk(someone);
  await hand('kill');
  await walk(someone);
  const other = await visitor();
  await walk(other);
  // A browser may ask beforehand for what nobody has asked for yet; see storm.mjs.
  const beforehand = /status of 502 .*[?&]_rsc=/;
  const complaints = [...someone.complaints, ...other.complaints].filter((complaint) => !beforehand.test(complaint));
  equal(complaints, [], 'complaints');

  // What is not stored is an error page, and a way back.
  await other.page.click('a[href="/live"]');
  await other.page.getByText('502').first().waitFor();
  equal(new URL(other.page.url()).pathname, '/live', 'the address');
  await other.back('home');
  await other.follow('/about', 'about');
});
