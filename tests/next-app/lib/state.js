// What the fixture remembers. Next.js bundles each route on its own, so module variables are not shared between routes;
// `next start` is one process, so globalThis is.
const state = (globalThis.__selvedgeFixture ??= { renders: {}, failing: false, actions: 0, started: Date.now() });

/** Counts one render of `name` (a path) and says which one it is and when it happened. */
export function rendered(name) {
  const n = (state.renders[name] ?? 0) + 1;
  state.renders[name] = n;
  return { at: Date.now(), n };
}

export const renders = () => ({ ...state.renders });
export const started = () => state.started;

export const failing = () => state.failing;
export function setFailing(on) {
  state.failing = on;
}

export const actions = () => state.actions;
export function countAction() {
  state.actions += 1;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
