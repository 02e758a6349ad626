// The same with Cache Components: what is tagged below `use cache` is in shells, in payloads and in segments.
import { equal, requests, tell, visitor } from './lib.mjs';

async function readers() {
  const [one, other] = [await visitor(), await visitor()];
  await one.open('/item/3');
  await other.open('/');
  await other.click('/item/3', 'item 3');
  const read = [await one.text('#title'), await other.text('#title')];
  equal([...one.complaints, ...other.complaints], [], 'complaints');
  await Promise.all([one.leave(), other.leave()]);
  return read;
}

await tell(async () => {
  const writer = await visitor();
  await writer.open('/');
  for (const text of ['first', 'second']) {
    await readers();
    await writer.click('/edit', 'edit');
    await writer.submit('#publish', text);
    await writer.click('/', 'home');
    await writer.click('/item/3', 'item 3');
    const wanted = `item 3: ${text}`;
    equal(await writer.text('#title'), wanted, 'what the writer reads');
    equal(await readers(), [wanted, wanted], 'what others read');
  }
  equal(writer.complaints, [], 'complaints of the writer');
  await requests();
});
