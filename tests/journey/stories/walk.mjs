// A visit to pages of which everything can be kept: by links, back, forward, a reload, and from outside.
export async function walk(someone) {
  await someone.open('/');
  await someone.follow('/about', 'about');
  await someone.follow('/list', 'list');
  await someone.follow('/post/7', 'post 7');
  await someone.back('list');
  await someone.back('about');
  await someone.forward('list');
  await someone.reload('list');
  await someone.follow('/news', 'news');
  await someone.open('/post/9');
  await someone.follow('/', 'home');
}
