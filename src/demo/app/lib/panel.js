// The panel on each page: asks for a URL as the next visitor would, and says where the answer came
// from. Plain DOM on purpose: Selvedge's built-in origin, which has no React, serves this very file.

import { duration, elapsed, explain } from './explain.js';

const FIELDS = ['Cache-Status', 'Age', 'Cache-Control'];
const STITCHES = 40;
const CROWD = 12;

// Fills `root`; returns what stops it. `data-url` is what to ask for, or `data-of` a selector of the
// picture to ask for; `data-crowd` adds the crowd; `data-origin` names what stands behind the edge.
export function mount(root) {
  const origin = root.dataset.origin ?? 'Next.js';
  const url = () => (root.dataset.of ? document.querySelector(root.dataset.of).currentSrc : root.dataset.url);
  const buttons = element('div', 'buttons');
  const words = element('p', 'words', 'Ask for this once more, as the next visitor would, and see where the answer comes from.');
  const took = element('p', 'took');
  const stitches = element('div', 'stitches');
  const legend = element('p', 'legend');
  const fields = element('dl', 'fields');
  words.setAttribute('aria-live', 'polite');
  stitches.setAttribute('aria-hidden', 'true');
  legend.setAttribute('aria-hidden', 'true');
  for (const [kind, text] of [['fresh', 'from memory'], ['stale', 'past its time'], ['shared', 'read along'], ['origin', `from ${origin}`]]) {
    const entry = element('span');
    entry.append(element('i', kind), text);
    legend.append(entry);
  }
  root.replaceChildren(buttons, words, took, stitches, legend, fields);

  let timer;
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    every.setAttribute('aria-pressed', 'false');
  };

  const once = button('Ask again', () => ask());
  const every = button('Ask every second', () => {
    if (timer) return stop();
    let left = 60;
    every.setAttribute('aria-pressed', 'true');
    timer = setInterval(() => (--left > 0 ? document.hidden || ask() : stop()), 1000);
    ask();
  });
  every.setAttribute('aria-pressed', 'false');
  buttons.append(once, every);
  if ('crowd' in root.dataset) buttons.append(button(`Send a crowd of ${CROWD}`, crowd));

  async function ask() {
    try {
      const answer = await look(url());
      const story = explain(answer.field('Cache-Status'), origin);
      say(story.kind, story.head, story.tail);
      took.textContent = facts(answer);
      show(answer);
      stitch(story, answer);
    } catch (error) {
      fail(error);
    }
  }

  async function crowd() {
    stop();
    const unseen = `${url()}?crowd=${Math.random().toString(36).slice(2)}`;
    say('', 'A crowd is on its way', 'to a page that nobody has seen yet');
    try {
      const answers = await Promise.all(Array.from({ length: CROWD }, () => look(unseen)));
      const stories = answers.map((answer) => explain(answer.field('Cache-Status'), origin));
      const count = (...kinds) => stories.filter((story) => kinds.includes(story.kind)).length;
      const parts = [
        [count('origin'), `from ${origin}`],
        [count('shared'), 'read along'],
        [count('fresh', 'stale'), 'from memory'],
      ];
      const told = parts.filter(([n]) => n > 0).map(([n, what]) => `${n} ${what}`).join(', ');
      const renderings = new Set(answers.map((answer) => answer.at)).size;
      say('shared', `${CROWD} visitors, ${renderings === 1 ? 'one rendering' : `${renderings} renderings`}`, told);
      took.textContent = `The slowest waited ${elapsed(Math.max(...answers.map((answer) => answer.done)))}.`;
      show(answers.at(-1));
      answers.forEach((answer, i) => stitch(stories[i], answer));
    } catch (error) {
      fail(error);
    }
  }

  function say(kind, head, tail) {
    words.dataset.kind = kind;
    words.replaceChildren(element('b', '', head), `: ${tail}.`);
  }

  function fail(error) {
    stop();
    say('failed', 'No answer', `is the demo still running? (${error.message})`);
    took.textContent = '';
  }

  function show(answer) {
    fields.replaceChildren(...FIELDS.flatMap((name) => {
      const value = element('dd');
      value.append(element('code', '', answer.field(name) ?? '–'));
      return [element('dt', '', name), value];
    }));
  }

  function stitch(story, answer) {
    const one = element('i', story.kind);
    one.style.setProperty('--height', Math.min(1, Math.max(0.12, (Math.log10(answer.done) + 0.5) / 4)));
    one.title = `${story.head}, ${elapsed(answer.done)}`;
    stitches.append(one);
    while (stitches.childElementCount > STITCHES) stitches.firstChild.remove();
  }

  return () => {
    stop();
    root.replaceChildren();
  };
}

async function look(url) {
  const start = performance.now();
  // As an <img> of Chromium asks, since the answer depends on it.
  const headers = url.includes('/_next/image') ? { Accept: 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8' } : {};
  const response = await fetch(url, { cache: 'no-store', headers });
  const head = performance.now() - start;
  const body = await response.blob();
  const done = performance.now() - start;
  const text = body.type.startsWith('image/') ? '' : await body.text();
  const at = Number(/data-at="(\d+)"|"at":(\d+)/.exec(text)?.slice(1).find(Boolean));
  return { head, done, at, text, body, field: (name) => response.headers.get(name) };
}

function facts({ head, done, at, text, body }) {
  const told = [done - head > 250 ? `First byte after ${elapsed(head)}, all of it after ${elapsed(done)}` : `In ${elapsed(done)}`];
  if (body.type.startsWith('image/')) told.push(body.type);
  const age = (Date.now() - at) / 1000;
  if (at) told.push(age < 1 ? 'this copy was made just now' : `this copy was made ${duration(age)} ago`);
  if (text.startsWith('{') && text.length < 80) told.push(text);
  return told.join(' · ');
}

function element(name, className = '', text = '') {
  const one = document.createElement(name);
  if (className) one.className = className;
  one.textContent = text;
  return one;
}

function button(text, onclick) {
  const one = element('button', '', text);
  one.type = 'button';
  one.onclick = onclick;
  return one;
}
