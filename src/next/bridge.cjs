'use strict';
// Selvedge's bridge: loaded into a Next.js server by `NODE_OPTIONS=--require`, it tells the edge what
// `next start` keeps to itself.
//
//   On responses   x-selvedge-tags       the entry's cache tags, comma-separated; `*` if there are too many to say
//                  x-selvedge-generated  when it was generated, ms since the epoch; absent when that is just now
//   To the edge    POST $SELVEDGE_URL/invalidate   {"tags":[…],"paths":[…],"soft":false}
//                  before the request that invalidates is answered, so that its sender reads what he wrote;
//                  later, if the edge is away for a while; to each, if there are several (URL,URL)
//
// How it gets in. Next.js puts the IncrementalCache of a request on `globalThis.__incrementalCache` before
// anything reads it (server/base-server.js, "can be passed down for edge functions"; the same in 14.0.4,
// 14.2.35, 15.0.4, 15.2.8, 15.5.29, 16.0.10 and 16.4.6). We make that name a property with a setter, and patch the class of the
// cache handler that arrives there: Next's own or the application's. No module is resolved, hooked or
// required, so it does not matter whether Next.js is bundled, standalone, patched or an ES module, and
// processes that are not a Next.js server (npm, builds, workers) pay for one defineProperty.
// Not used, and why: `cacheHandler` in the configuration would replace the application's own and changes
// what Next.js stores; hooks on `require` miss the copies of these classes within
// next/dist/compiled/next-server/*.runtime.prod.js, and handlers that are imported.
//
// Whatever fails in here, the application works on; all that is lost is what is written above. Files that
// are named below are in next/dist/.

const LOADED = Symbol.for('selvedge.bridge');
const TAGS = 'x-next-cache-tags'; // on the values of APP_PAGE, APP_ROUTE (14: PAGE, ROUTE); server/lib/constants.js
const MAX_TAGS = 128;
const MAX_TAGS_LENGTH = 8192;
const MAX_AGE = 365 * 24 * 3600 * 1000;
const MAX_HELD_BYTES = 1 << 20;
const TIME_PER_TRY = 1000;
const TIME_FOR_ALL = 2000;
const TIME_TO_WAIT = TIME_FOR_ALL + 250; // the longest that an answer of the application is held up
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
const MAX_UNTOLD = 10_000; // names, and
const MAX_UNTOLD_LENGTH = 400_000; // their characters: the edge reads a MiB, and JSON escapes some

if (process.env.SELVEDGE_URL && !globalThis[LOADED]) {
  Object.defineProperty(globalThis, LOADED, { value: true });
  quietly(listen);
}

function listen() {
  // Which response the running code works for. Published by node:http itself, before the request is
  // handled; nothing is created in processes that serve nothing.
  require('node:diagnostics_channel').subscribe('http.server.request.start', ({ response }) => {
    requests ??= new (require('node:async_hooks').AsyncLocalStorage)();
    requests.enterWith(response);
  });
  let cache = globalThis.__incrementalCache;
  Object.defineProperty(globalThis, '__incrementalCache', {
    configurable: true,
    get: () => cache,
    set(next) {
      cache = next;
      // `next build` sets it too (export/helpers/create-incremental-cache.js).
      if (process.env.NEXT_PHASE !== 'phase-production-build') quietly(() => patch(next));
    },
  });
  if (cache) patch(cache);
}

// ---- getting in -----------------------------------------------------------------------------------

let requests; // AsyncLocalStorage of http.ServerResponse
let onDemandIsPatched = false;
const patched = new WeakSet();

function patch(cache) {
  const handler = cache?.cacheHandler;
  if (!handler) return;
  wrap(handler, 'get', wrapGet);
  wrap(handler, 'set', wrapSet);
  wrap(handler, 'revalidateTag', wrapRevalidateTag);
  // 15.5 answers from a second, bundled copy of IncrementalCache, which is never put on globalThis. It asks
  // this slot (15.0+: server/lib/incremental-cache/index.js) before its own copy of the file system cache.
  const slots = Symbol.for('@next/cache-handlers');
  if (cache.hasCustomCacheHandler === false && !globalThis[slots]?.FetchCache) {
    (globalThis[slots] ??= {}).FetchCache = handler.constructor;
  }
  // The handlers of `use cache` (15.2 and later: server/use-cache/handlers.js).
  for (const handler of globalThis[Symbol.for('@next/cache-handlers-set')] ?? []) {
    wrap(handler, 'updateTags', wrapUpdateTags); // 16
    wrap(handler, 'expireTags', wrapUpdateTags); // 15
  }
  if (!onDemandIsPatched) {
    onDemandIsPatched = true;
    patchOnDemand();
  }
}

// `res.revalidate()` of the Pages Router. It ends in NextNodeServer.revalidate, which asks the server
// in-process (server/next-server.js) and knows the path as the visitor has it; a handler would not.
function patchOnDemand() {
  // 15.5 and 16: API routes find it here, already bound (server/lib/router-utils/router-server-context.js).
  const contexts = Object.values(globalThis[Symbol.for('@next/router-server-methods')] ?? {});
  for (const context of contexts) wrap(context, 'revalidate', wrapOnDemand);
  if (contexts.length > 0) return;
  // 14.0 to 15.2: bound for each request, from the class.
  for (const file of Object.keys(require.cache)) {
    if (!/[\\/]next[\\/]dist[\\/]server[\\/]next-server\.js$/.test(file)) continue;
    wrap(require.cache[file].exports.default.prototype, 'revalidate', wrapOnDemand);
  }
}

// Puts `make(original)` in the place of a method: on the class, since Next.js makes a handler for each
// request, or on the object if it has the method for itself.
function wrap(object, name, make) {
  const original = object[name];
  if (typeof original !== 'function' || patched.has(original)) return;
  const value = make(original);
  patched.add(value);
  const holder = Object.hasOwn(object, name) ? object : Object.getPrototypeOf(object);
  Object.defineProperty(holder, name, { value, configurable: true, writable: true });
}

// ---- on responses ---------------------------------------------------------------------------------

// Next.js sends the headers of an entry's value with it. What the handler keeps is not touched: the
// answer is a copy.
function wrapGet(get) {
  return async function (...args) {
    const entry = await get.apply(this, args);
    try {
      return marked(entry, ...args);
    } catch {
      return entry;
    }
  };
}

function marked(entry, key, context) {
  const value = entry?.value;
  const tags = value?.headers?.[TAGS];
  const ours = {};
  if (typeof tags === 'string') ours['x-selvedge-tags'] = bounded(tags);
  const generated = generatedAt(entry);
  // The page of a 404 also goes out for others' entries (getStaticProps with `notFound`), whose age is theirs.
  if (generated && !key.endsWith('/_not-found')) ours['x-selvedge-generated'] = generated;
  if (typeof tags === 'string') {
    const headers = { ...value.headers, ...ours };
    return { ...entry, value: { ...value, headers, segmentData: telling(value.segmentData, ours) } };
  }
  // Entries of the Pages Router (14 says `kindHint`) have no headers, and a `notFound` has no value.
  if (context?.kind !== 'PAGES' && context?.kindHint !== 'pages') return entry;
  if (!value) {
    tell(ours);
    return entry;
  }
  // Requests may wait for each other's look-up, but each reads the value for itself.
  const copy = { ...value };
  for (const name of ['html', 'props']) {
    if (!(name in value)) continue;
    const get = () => {
      tell(ours);
      return value[name];
    };
    Object.defineProperty(copy, name, { enumerable: true, get });
  }
  return { ...entry, value: copy };
}

// A segment of a page is sent without the page's headers (15+: build/templates/app-page.js).
function telling(segments, headers) {
  if (!(segments instanceof Map)) return segments;
  const copy = new Map(segments);
  copy.get = (path) => {
    tell(headers);
    return segments.get(path);
  };
  return copy;
}

// Puts headers on the response that the running code works for.
function tell(headers) {
  const response = requests?.getStore();
  if (!response || response.headersSent) return;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

// Nothing is that old: a handler that says 0 or -1 means "stale", and some images reset all file times.
function generatedAt(entry) {
  const time = entry?.lastModified;
  return Number.isFinite(time) && time > Date.now() - MAX_AGE ? String(Math.trunc(time)) : undefined;
}

function bounded(tags) {
  const safe = encoded(tags);
  return safe.length > MAX_TAGS_LENGTH || safe.split(',').length > MAX_TAGS ? '*' : safe;
}

// As server/lib/encode-header-safe.js of 16 does, for versions that leave it out.
function encoded(text) {
  return text.replace(/[^\t\x20-\x7e]+/g, (run) => encodeURIComponent(Buffer.from(run).toString()));
}

// What has just been rendered is sent from the same value that is stored. The handler gets a plain copy,
// without what we added (Next.js stores an old entry again when its renewal has failed), so that nothing
// of ours is left in its memory or on disk.
function wrapSet(set) {
  return function (key, data, ...rest) {
    let stored = data;
    quietly(() => {
      if (!data || data.kind === 'FETCH') return;
      const { 'x-selvedge-tags': _tags, 'x-selvedge-generated': _generated, ...theirs } = data.headers ?? {};
      stored = { ...data, headers: data.headers && theirs };
      if (typeof theirs[TAGS] !== 'string') return;
      data.headers['x-selvedge-tags'] = bounded(theirs[TAGS]);
      if (data.segmentData) data.segmentData = telling(data.segmentData, { 'x-selvedge-tags': bounded(theirs[TAGS]) });
    });
    const done = set.call(this, key, stored, ...rest);
    return data?.kind === 'FETCH' ? done : underWay(done);
  };
}

// ---- invalidations --------------------------------------------------------------------------------

// revalidateTag, updateTag, expireTag and revalidatePath of all versions end here, those from `use cache`
// included (server/revalidation-utils.js). 16 hands over the profile's durations: with them, and unless
// they expire at once, stale content may be shown while it is renewed.
function wrapRevalidateTag(revalidateTag) {
  return function (tags, durations, ...rest) {
    const all = [tags].flat();
    if (all.length === 0) return revalidateTag.call(this, tags, durations, ...rest); // 14, for each page
    const until = staleUntil(durations);
    const told = (async () => {
      // First Next.js, then the edge: it may ask for the page at once.
      const result = await revalidateTag.call(this, tags, durations, ...rest);
      await announce(until, all, []);
      return result;
    })();
    hold(told);
    return told;
  };
}

// Until when what is invalidated may still be shown, as FileSystemCache.revalidateTag and
// areTagsExpired have it (server/lib/incremental-cache/): `{ expire: 0 }` is not at all, and what says no
// number is for ever.
const NEVER = 0;
const ALWAYS = Infinity;

function staleUntil(durations) {
  if (!durations) return NEVER;
  const { expire } = durations;
  if (typeof expire !== 'number' || !(expire < MAX_AGE / 1000)) return ALWAYS;
  return expire > 0 ? performance.now() + expire * 1000 : NEVER;
}

function wrapUpdateTags(updateTags) {
  return function (...args) {
    return underWay(updateTags.apply(this, args));
  };
}

// What the edge must not be faster than, since it may ask for the page at once: updates of the handlers of
// `use cache`, which Next.js starts before revalidateTag; and pages on their way into the cache, for until
// they are there, whoever asks for one gets the same, old or not (server/response-cache/index.js).
const pending = new Set();

function underWay(done) {
  if (typeof done?.then !== 'function') return done;
  pending.add(done);
  const forget = () => pending.delete(done);
  done.then(forget, forget);
  return done;
}

function wrapOnDemand(revalidate) {
  return async function (request, ...rest) {
    const again = () => revalidate.call(this, request, ...rest);
    // In a context of its own: what is rendered there is not the answer to the request that asks for it.
    const result = await (requests ? requests.run(undefined, again) : again());
    await announce(NEVER, [], [request.urlPath]);
    return result;
  };
}

// Route handlers answer before their invalidations are through (15+: `waitUntil`; 14 holds back the end
// of the body). So what they write is kept until then: their answer is small, and it is rare.
const held = new WeakMap();

function hold(until) {
  const response = requests?.getStore();
  if (!response || response.headersSent || response.writableEnded) return;
  const waiting = held.get(response) ?? holdBack(response);
  waiting.count += 1;
  const done = () => {
    waiting.count -= 1;
    if (waiting.count === 0) waiting.release();
  };
  // Not longer than announcing takes: the application's handler may be slow.
  Promise.race([until, sleep(TIME_TO_WAIT + 250)]).then(done, done);
}

function holdBack(response) {
  const calls = [];
  let bytes = 0;
  const restore = [];
  const release = once(() => {
    held.delete(response);
    for (const undo of restore) undo();
    for (const call of calls) quietly(call);
  });
  for (const name of ['flushHeaders', 'write', 'end']) {
    const own = Object.hasOwn(response, name); // by Next's compression
    const original = response[name];
    restore.push(() => (own ? (response[name] = original) : delete response[name]));
    response[name] = (...args) => {
      calls.push(() => original.apply(response, args));
      bytes += args[0]?.length ?? 0;
      if (bytes > MAX_HELD_BYTES) release();
      return name === 'write' ? true : response;
    };
  }
  const waiting = { count: 0, release };
  held.set(response, waiting);
  return waiting;
}

// ---- the edges ------------------------------------------------------------------------------------

// Waits until all edges know, or have been given up for now.
async function announce(until, tags, paths) {
  const limit = sleep(TIME_TO_WAIT);
  await Promise.race([Promise.allSettled(pending), limit]);
  let all = [];
  quietly(() => {
    // A tag with a comma is two tags in the header, for Next.js as well.
    const names = tags.flatMap((tag) => encoded(String(tag)).split(',')).map((tag) => `tags ${tag}`);
    names.push(...paths.map((path) => `paths ${path}`));
    all = edges().map((edge) => edge.tell(names, until));
  });
  await Promise.race([Promise.allSettled(all), limit]);
}

let known;

function edges() {
  known ??= (process.env.SELVEDGE_URL ?? '').split(',').flatMap((part) => {
    const text = part.trim();
    if (!text) return [];
    if (/^https?:\/\/./.test(text) && URL.canParse(text)) return [new Edge(text.replace(/\/+$/, ''))];
    say(`SELVEDGE_URL: ${JSON.stringify(text)} is no URL like http://127.0.0.1:9180, nobody is told there`);
    return [];
  });
  return known;
}

const EVERYTHING = 'all';

// One edge, and what it has not been told yet: names, and until when each may be stale. What comes in one
// turn of the event loop, or while a request is on its way, goes out in one.
class Edge {
  untold = new Map();
  length = 0;
  failures = 0;

  constructor(url) {
    this.name = url;
    this.url = new URL(`${url}/invalidate`);
    this.http = this.url.protocol === 'https:' ? require('node:https') : require('node:http');
    this.agent = new this.http.Agent({ keepAlive: true, maxSockets: 8 });
  }

  // Resolves when the edge knows, or cannot be told. While it is away, the first to notice has waited for
  // all.
  tell(names, until) {
    for (const name of names) this.note(name, until);
    this.next ??= Promise.all([this.isAway ? sleep(FIRST_PAUSE / 2) : nextTurn(), this.current]).then(() => {
      this.current = this.next;
      this.next = undefined;
      return this.flush().catch(() => {});
    });
    return this.isAway ? undefined : this.next;
  }

  note(name, until) {
    if (this.untold.has(EVERYTHING)) return;
    const before = this.untold.get(name);
    if (before === undefined) this.length += name.length;
    this.untold.set(name, Math.min(before ?? ALWAYS, until));
    if (this.untold.size > MAX_UNTOLD || this.length > MAX_UNTOLD_LENGTH) this.untold = new Map([[EVERYTHING, NEVER]]);
  }

  async flush() {
    clearTimeout(this.retry);
    const telling = this.untold;
    this.untold = new Map();
    this.length = 0;
    const failure = await this.deliver(telling);
    if (failure === undefined) return this.isBack();
    for (const [name, until] of telling) this.note(name, until);
    this.isMissing(failure);
  }

  isBack() {
    if (this.isAway) say(`the edge at ${this.name} is told of invalidations again, and of all that it missed`);
    this.isAway = false;
    this.failures = 0;
  }

  // It is told later. (One that was started anew has nothing stored, and loses nothing by it.)
  isMissing(failure) {
    if (!this.isAway) {
      say(
        `the edge at ${this.name} cannot be told of an invalidation (${failure}): it is told later, and till ` +
          'then pages stay there until their revalidate time is over',
      );
    }
    this.isAway = true;
    const pause = Math.min(FIRST_PAUSE * 2 ** this.failures, LONGEST_PAUSE);
    this.failures += 1;
    this.retry = setTimeout(() => this.tell([], ALWAYS), pause).unref();
  }

  // Why it could not be told, if so.
  async deliver(untold) {
    const start = performance.now();
    const left = () => TIME_FOR_ALL - (performance.now() - start);
    let failure;
    for (let tries = 0; tries < (this.isAway ? 1 : 3); tries += 1) {
      if (tries > 0) await sleep(100 * tries);
      if (left() < 1) break;
      const time = Math.min(left(), TIME_PER_TRY);
      const all = bodies(untold).map((body) => this.post(JSON.stringify(body), time));
      failure = await Promise.all(all).then(
        () => undefined,
        (error) => error.message || error.code || String(error),
      );
      if (failure === undefined) return undefined;
    }
    return failure;
  }

  post(body, timeout) {
    return new Promise((resolve, reject) => {
      const { agent } = this;
      const headers = {
        authorization: `Bearer ${process.env.SELVEDGE_TOKEN ?? ''}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      };
      const request = this.http.request(this.url, { method: 'POST', agent, headers }, (response) => {
        clearTimeout(timer);
        response.resume();
        response.on('error', () => {});
        const { statusCode } = response;
        if (statusCode >= 200 && statusCode < 300) resolve();
        else if (statusCode === 401) reject(new Error('it refuses SELVEDGE_TOKEN, which must be its admin.token'));
        else if (statusCode === 403) reject(new Error('it lets only its own machine in; give it an admin.token, the same as SELVEDGE_TOKEN'));
        else reject(new Error(`it answers ${statusCode}`));
      });
      const timer = setTimeout(() => request.destroy(new Error('no answer in time')), timeout);
      timer.unref();
      request.on('socket', (socket) => socket.unref());
      request.on('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      request.end(body);
    });
  }
}

// A request for each term.
function bodies(untold) {
  if (untold.has(EVERYTHING)) return [{ all: true }];
  const now = performance.now();
  const byTerm = new Map();
  for (const [name, until] of untold) {
    const term = until > now ? Math.ceil((until - now) / 1000) : NEVER;
    if (!byTerm.has(term)) {
      const soft = term > 0;
      byTerm.set(term, { tags: [], paths: [], soft, ...(soft && term < ALWAYS && { expire: term }) });
    }
    const [kind] = name.split(' ', 1);
    byTerm.get(term)[kind].push(name.slice(kind.length + 1));
  }
  return [...byTerm.values()];
}

// ---- small things ---------------------------------------------------------------------------------

function say(text) {
  quietly(() => process.stderr.write(`selvedge: ${text}\n`));
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

function nextTurn() {
  return new Promise((resolve) => setImmediate(resolve));
}

function once(call) {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    call();
  };
}

function quietly(call) {
  try {
    call();
  } catch {
    // The application comes first.
  }
}
