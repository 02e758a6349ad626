// The bridge without Next.js: `node alone.cjs <bridge.cjs>`.
const assert = require('node:assert');
const http = require('node:http');

// An edge: what it is told, and the status that it answers, or silence.
function startEdge(port = 0) {
  const edge = { told: [], status: 204 };
  edge.server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      if (!edge.status) return;
      if (edge.status < 300) edge.told.push({ ...JSON.parse(body), authorization: request.headers.authorization });
      response.writeHead(edge.status).end();
    });
  });
  edge.server.on('connection', (socket) => socket.unref());
  edge.take = () => edge.told.splice(0);
  edge.url = () => `http://127.0.0.1:${edge.server.address().port}`;
  return new Promise((resolve) => edge.server.listen(port, '127.0.0.1', () => resolve(edge)));
}

const said = [];
process.stderr.write = (text) => said.push(text.trimEnd());
const takeSaid = () => said.splice(0);

async function until(condition) {
  for (let tries = 0; !condition(); tries += 1) {
    assert.ok(tries < 1000, `${condition} after 10 s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

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

async function main(edge, other) {
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

  // What is still on its way into the cache is answered with, old as it may be: the edge is told after that.
  let isStored = false;
  const slow = cache({ ...new Handler(), set: () => new Promise((resolve) => setTimeout(resolve, 200)), revalidateTag: async () => {} });
  slow.set('/a', { kind: 'APP_PAGE', headers: {} }, {}).then(() => (isStored = true));
  await slow.revalidateTag(['a']);
  assert.ok(isStored);
  edge.take();
  other.take();
  assert.match(takeSaid().join(), /^selvedge: SELVEDGE_URL: "not a url" is no URL like [^,]*, nobody is told there$/);

  // One turn, one request; soft ones apart.
  await Promise.all([
    handler.revalidateTag(['a', 'b']),
    handler.revalidateTag('ü'),
    handler.revalidateTag(['a'], { expire: 0 }),
    handler.revalidateTag(['c'], { expire: 60 }),
    handler.revalidateTag(['d'], { expire: undefined }),
    handler.revalidateTag(['e'], { expire: 2 ** 32 }),
    handler.revalidateTag(['b', 'c'], { expire: 90 }),
    handler.revalidateTag([]),
  ]);
  const authorization = 'Bearer token';
  assert.deepEqual(
    edge.take().sort((one, other) => one.soft - other.soft || (other.expire ?? 0) - (one.expire ?? 0)),
    [
      { tags: ['a', 'b', '%C3%BC'], paths: [], soft: false, authorization },
      { tags: ['c'], paths: [], soft: true, expire: 60, authorization },
      { tags: ['d', 'e'], paths: [], soft: true, authorization },
    ],
  );
  assert.equal(other.take().length, 3);

  // One object for all requests, with methods of its own; it is not patched twice.
  edge.take();
  const single = { get: async () => entry('s'), set: async () => {}, revalidateTag: async () => {} };
  cache(single);
  cache(single);
  assert.equal((await headers(single, ''))['x-selvedge-tags'], 's');
  await single.revalidateTag(['s']);
  assert.equal(edge.take().length, 1);

  // Its failures are its own, and nothing is told.
  const broken = cache({ get: async () => null, revalidateTag: () => Promise.reject(new Error('broken')) });
  await assert.rejects(broken.revalidateTag(['x']), /broken/);
  assert.equal(await broken.get('x', {}), null);
  assert.equal(edge.take().length, 0);

  // No handler, no cache, nonsense.
  for (const nonsense of [undefined, null, {}, 1, { cacheHandler: Object.freeze({ get() {} }) }]) {
    globalThis.__incrementalCache = nonsense;
    assert.equal(globalThis.__incrementalCache, nonsense);
  }

  await oneOfThemIsAway(cache(new Handler()), edge, other);
  await moreThanCanBeKept(cache(new Handler()), edge, other);
  await aTokenThatIsWrong(cache(new Handler()), edge, other);

  // Neither an idle connection nor an edge that is away holds up anything: this ends by itself.
  edge.server.unref();
  other.server.close();
  await handler.revalidateTag(['last']);
}

async function oneOfThemIsAway(handler, edge, other) {
  edge.take();
  other.take();
  const url = other.url();
  other.status = 0;
  const start = performance.now();
  await Promise.all([handler.revalidateTag(['a']), handler.revalidateTag(['b'], { expire: 600 })]);
  const took = performance.now() - start;
  assert.ok(took > 900 && took < 2500, `bounded: ${took}`);
  assert.equal(edge.take().length, 2, 'the other is told');
  const again = performance.now();
  await handler.revalidateTag(['a', 'c']);
  assert.ok(performance.now() - again < 500, 'nobody waits again');
  assert.deepEqual(edge.take()[0].tags, ['a', 'c']);
  const [line, ...more] = takeSaid();
  assert.match(line, new RegExp(`^selvedge: the edge at ${url} cannot be told of an invalidation .*no answer in time`));
  assert.deepEqual(more, []);

  // What it missed is made up for, without another invalidation, and once.
  other.status = 204;
  await until(() => other.told.length === 2);
  const [hard, soft] = other.take().sort((one, two) => one.soft - two.soft);
  assert.deepEqual([hard.tags.sort(), hard.soft], [['a', 'c'], false]);
  assert.deepEqual([soft.tags, soft.soft], [['b'], true]);
  assert.ok(soft.expire > 590 && soft.expire < 600, `what is left of its time: ${soft.expire}`);
  await until(() => said.length === 1);
  assert.match(takeSaid()[0], /told of invalidations again, and of all that it missed$/);
  await handler.revalidateTag(['d']);
  assert.deepEqual([edge.take()[0].tags, other.take()[0].tags], [['d'], ['d']]);
}

async function moreThanCanBeKept(handler, edge, other) {
  other.status = 500;
  for (let number = 0; number < 101; number += 1) {
    await handler.revalidateTag(Array.from({ length: 100 }, (_, at) => `tag-${number}-${at}`));
  }
  edge.take();
  other.status = 204;
  await until(() => other.told.length > 0);
  assert.equal(other.take()[0].all, true);
  await until(() => said.length === 2);
  assert.match(takeSaid()[0], /it answers 500/);
}

async function aTokenThatIsWrong(handler, edge, other) {
  other.status = 401;
  await handler.revalidateTag(['a']);
  assert.equal(edge.take().length, 1);
  const [line, ...more] = takeSaid();
  assert.match(line, /it refuses SELVEDGE_TOKEN, which must be its admin\.token/);
  assert.deepEqual(more, []);
  other.status = 204;
  await until(() => other.told.length > 0);
  await until(() => said.length === 1);
}

Promise.all([startEdge(), startEdge()])
  .then(([edge, other]) => {
    process.env.SELVEDGE_URL = `${edge.url()}/, ${other.url()},not a url`;
    process.env.SELVEDGE_TOKEN = 'token';
    return main(edge, other);
  })
  .catch((error) => {
    console.log(error);
    process.exit(1);
  });
