// What one visitor writes by a server action, he reads next, and so does everybody else.
import { equal, requests, tell, until, visitor } from './lib.mjs';

/** What somebody who comes just now reads: by the address, and by a link. */
async function readers() {
  const [one, other] = [await visitor(), await visitor()];
  await one.open('/news');
  await other.open('/');
  await other.follow('/news', 'news');
  const read = [await one.text('#news'), await other.text('#news')];
  equal([...one.complaints, ...other.complaints], [], 'complaints');
  await Promise.all([one.leave(), other.leave()]);
  return read;
}

await tell(async () => {
  const writer = await visitor();
  await writer.open('/news');
  await readers();
  for (const text of ['first', 'second']) {
    await readers();
    await writer.follow('/write', 'write');
    await writer.submit('#publish', text);
    await requests();
    await writer.follow('/news', 'news');
    equal(await writer.text('#news'), text, 'what the writer reads');
    equal(await readers(), [text, text], 'what others read');
    await readers();
    const asked = (await requests()).filter((request) => request.startsWith('GET /news'));
    equal(asked.length, new Set(asked).size, `one request for each kind of the page: ${asked}`);
  }
  // With a profile, the old page is shown once more to whoever comes first.
  await writer.follow('/write', 'write');
  await writer.submit('#publish-soon', 'third');
  let read;
  await until(async () => (read = await readers()).every((text) => text === 'third'), 40_000);
  equal(read, ['third', 'third'], 'what is read soon after');
  equal(writer.complaints, [], 'complaints of the writer');
});
