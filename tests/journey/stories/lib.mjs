// What every story needs: a browser, visitors, and a hand from the test that plays it.
//
//   CHROMIUM         the browser (default /usr/bin/chromium)
//   PLAYWRIGHT_CORE  the folder of playwright-core
//   STORY_PATIENCE   for how many milliseconds something is waited for (default 20000)
import { createInterface } from 'node:readline';
import { launch } from '../../support/chromium.mjs';

const base = process.argv[2];
const usual = Number(process.env.STORY_PATIENCE ?? 20_000);

const browser = await launch();

/** Tells the story, and ends with the code that says whether it went well. */
export async function tell(story) {
  let code = 0;
  try {
    await Promise.race([story(), sleep(180_000).then(() => Promise.reject(new Error('no end after 180 s')))]);
  } catch (error) {
    code = 1;
    console.log(`FAIL ${error.stack}`);
    for (const someone of visitors) console.log(`at ${someone.page.url()}, waiting for ${[...someone.waiting]}`);
  }
  await browser.close();
  process.exit(code);
}

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Has the test do something; see `lend_a_hand` in stage.rs. */
export async function hand(word) {
  console.log(`? ${word}`);
  return JSON.parse((await answers.next()).value);
}

/** What has reached the origin since the last call, or since the start. */
export const requests = () => hand('requests');

export function equal(actual, expected, what) {
  const [a, e] = [actual, expected].map((value) => JSON.stringify(value));
  if (a !== e) throw new Error(`${what}: ${a}, not ${e}`);
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Whoever has come. */
const visitors = [];

/** Waits until something is so, but not for long. */
export async function until(so, patience = usual) {
  for (const late = Date.now() + patience; !(await so()) && Date.now() < late; ) await sleep(20);
}

/** Whether the router asks for a page beforehand; Next.js 16 asks in segments. */
function isPrefetchOfPage(headers) {
  const segment = headers['next-router-segment-prefetch'];
  return segment ? segment.endsWith('/__PAGE__') : headers['next-router-prefetch'] === '1';
}

/** Someone with a browser of his own: no cookies, nothing in its cache. */
export async function visitor() {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const someone = new Visitor(context, page);
  visitors.push(someone);
  return someone;
}

class Visitor {
  /** What went wrong in the browser. */
  complaints = [];
  /** Documents that were loaded, as opposed to navigations by the client-side router. */
  documents = 0;
  /** What the client-side router, and the browser, asked for: [URL without `_rsc`, status, Cache-Status]. */
  answers = [];
  /** Paths whose page the client-side router has beforehand, since the last document. */
  #prefetched = new Set();
  /** Requests that have no end yet. */
  waiting = new Set();
  #lately = 0;

  constructor(context, page) {
    this.context = context;
    this.page = page;
    page.on('pageerror', (error) => this.complaints.push(`page error: ${error.message}`));
    page.on('console', (message) => {
      const { url } = message.location();
      // Only a page can say that it has no icon; what else is opened has the browser ask for one.
      if (message.type() !== 'error' || url.endsWith('/favicon.ico')) return;
      this.complaints.push(`console: ${message.text()} (${url})`);
    });
    page.on('request', (request) => {
      this.waiting.add(request.url());
      this.#lately = Date.now();
      if (!request.isNavigationRequest()) return;
      this.documents += 1;
      this.#prefetched.clear();
    });
    page.on('response', (response) => {
      const url = response.url().replace(base, '').replace(/[?&]_rsc.*/, '');
      this.answers.push([url, response.status(), response.headers()['cache-status']]);
    });
    page.on('requestfinished', (request) => {
      this.#ended(request);
      if (isPrefetchOfPage(request.headers())) {
        this.#prefetched.add(new URL(request.url()).pathname);
      }
    });
    page.on('requestfailed', (request) => {
      this.#ended(request);
      const why = request.failure()?.errorText;
      // Whoever navigates leaves behind what he no longer waits for.
      if (why !== 'net::ERR_ABORTED') this.complaints.push(`failed: ${request.url()} ${why}`);
    });
  }

  #ended(request) {
    this.waiting.delete(request.url());
    this.#lately = Date.now();
  }

  /** Waits until nothing is on its way any more. */
  settle() {
    return until(() => this.waiting.size === 0 && Date.now() - this.#lately > 150);
  }

  url(path) {
    return base + path;
  }

  /** Loads a page of the application, and waits until React has it, and its prefetches are done. */
  async open(path) {
    await this.page.goto(base + path);
    await this.page.locator('html[data-ready]').waitFor();
    await this.settle();
  }

  /** Follows a link, once its page is prefetched, as it is for whoever reads before he clicks. */
  async follow(path, title) {
    await until(() => this.#prefetched.has(path));
    await this.click(path, title);
  }

  /** Follows a link at once. */
  async click(path, title) {
    await this.page.click(`a[href="${path}"]`);
    await this.on(title);
  }

  /** Sends a form by one of its buttons, and waits until it is answered. */
  async submit(button, text) {
    await this.page.fill('#text', text);
    const answered = this.page.waitForResponse((response) => response.request().method() === 'POST');
    await this.page.click(button);
    equal((await answered).status(), 200, 'the status of an action');
    await this.settle();
  }

  async back(title) {
    await this.page.goBack();
    await this.on(title);
  }

  async forward(title) {
    await this.page.goForward();
    await this.on(title);
  }

  async reload(title) {
    await this.page.reload();
    await this.on(title);
  }

  /** Waits until a page with this title is shown, and all is quiet. */
  async on(title) {
    await this.page.locator('h1#title', { hasText: new RegExp(`^${title}`) }).waitFor();
    await this.settle();
  }

  text(selector) {
    return this.page.locator(selector).first().textContent();
  }

  /** What the last answers were, and forgets them. */
  take() {
    return this.answers.splice(0);
  }

  leave() {
    return this.context.close();
  }
}
