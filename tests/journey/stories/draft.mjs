// One visitor is in draft mode; the others never see it, whoever comes first.
import { equal, requests, tell, visitor } from './lib.mjs';

/** What a visitor sees: by the address, and by a link. */
async function reads(someone) {
  await someone.open('/news');
  const seen = [await someone.text('#news')];
  await someone.open('/');
  await someone.click('/news', 'news');
  seen.push(await someone.text('#news'));
  equal(someone.complaints, [], 'complaints');
  return seen;
}

await tell(async () => {
  const [editor, other] = [await visitor(), await visitor()];
  await editor.page.goto(editor.url('/api/draft'));
  const draft = ['draft of none', 'draft of none'];
  const published = ['none', 'none'];
  equal(await reads(editor), draft, 'what the editor sees');
  equal(await reads(other), published, 'what another sees');
  equal(await reads(editor), draft, 'what the editor sees, although it is stored');
  equal(await reads(other), published, 'what another sees, again');
  await requests();
  await reads(await visitor());
  equal(await requests(), [], 'what a visitor without drafts costs');
});
