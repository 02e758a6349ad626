// The bridge without Next.js: `node alone.cjs <bridge.cjs>`.
const assert = require('node:assert');
const http = require('node:http');

const told = [];
const edge = http.createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    told.push({ ...JSON.parse(body), authorization: request.headers.authorization });
    response.writeHead(204).end();
  });
});

const entry = (tags, more) => ({ lastModified: Date.now() - 5000, value: { headers: { 'x-next-cache-tags': tags } }, ...more });

class Handler {
  async get(key) {
    return this.entry ?? entry(key);
  }
  async set(_key, data) {
    this.stored = data;
  }
  async revalidateTag() {}
}

async function main() {
  const headers = async (handler, key) => (await handler.get(key, {})).value.headers;
  const cache = (cacheHandler) => {
    globalThis.__incrementalCache = { cacheHandler };
    return cacheHandler;
  };
  require(process.argv[2]);
  const handler = cache(new Handler());

  // Bounds.
  assert.equal((await headers(handler, 'a,b'))['x-selvedge-tags'], 'a,b');
  assert.equal((await headers(handler, Array(128).fill('t').join()))['x-selvedge-tags'].length, 255);
  assert.equal((await headers(handler, Array(129).fill('t').join()))['x-selvedge-tags'], '*');
  assert.equal((await headers(handler, 't'.repeat(8193)))['x-selvedge-tags'], '*');
  assert.equal((await headers(handler, '_N_T_/ü/\ud83d\ude00\ud83d'))['x-selvedge-tags'], '_N_T_/%C3%BC/%F0%9F%98%80%EF%BF%BD');
  handler.entry = entry('a', { lastModified: 0 });
  assert.equal((await headers(handler, 'a'))['x-selvedge-generated'], undefined);
  handler.entry = null;

  // What is handed to Next.js is stored without it.
  const value = { kind: 'APP_PAGE', headers: { 'x-next-cache-tags': 'a', 'x-selvedge-generated': '1' } };
  await handler.set('/a', value, {});
  assert.deepEqual(handler.stored.headers, { 'x-next-cache-tags': 'a' });
  assert.equal(value.headers['x-selvedge-tags'], 'a');

  // One turn, one request; soft ones apart.
  await Promise.all([
    handler.revalidateTag(['a', 'b']),
    handler.revalidateTag('ü'),
    handler.revalidateTag(['a'], { expire: 0 }),
    handler.revalidateTag(['c'], { expire: 60 }),
    handler.revalidateTag(['d'], { expire: undefined }),
    handler.revalidateTag([]),
  ]);
  const authorization = 'Bearer token';
  assert.deepEqual(
    told.sort((one, other) => one.soft - other.soft),
    [
      { tags: ['a', 'b', '%C3%BC'], paths: [], soft: false, authorization },
      { tags: ['c', 'd'], paths: [], soft: true, authorization },
    ],
  );

  // One object for all requests, with methods of its own; it is not patched twice.
  told.length = 0;
  const single = { get: async () => entry('s'), set: async () => {}, revalidateTag: async () => {} };
  cache(single);
  cache(single);
  assert.equal((await headers(single, ''))['x-selvedge-tags'], 's');
  await single.revalidateTag(['s']);
  assert.equal(told.length, 1);

  // Its failures are its own, and nothing is told.
  const broken = cache({ get: async () => null, revalidateTag: () => Promise.reject(new Error('broken')) });
  await assert.rejects(broken.revalidateTag(['x']), /broken/);
  assert.equal(await broken.get('x', {}), null);
  assert.equal(told.length, 1);

  // No handler, no cache, nonsense.
  for (const nonsense of [undefined, null, {}, 1, { cacheHandler: Object.freeze({ get() {} }) }]) {
    globalThis.__incrementalCache = nonsense;
    assert.equal(globalThis.__incrementalCache, nonsense);
  }

  // An idle connection to the edge holds up nothing: this ends by itself.
  edge.unref();
}

edge.on('connection', (socket) => socket.unref());
edge.listen(0, '127.0.0.1', () => {
  process.env.SELVEDGE_URL = `http://127.0.0.1:${edge.address().port}/`;
  process.env.SELVEDGE_TOKEN = 'token';
  main().catch((error) => {
    console.error(error);
    process.exit(1);
  });
});
