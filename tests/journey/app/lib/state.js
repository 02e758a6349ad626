// What the application remembers, in place of a database. Route handlers and pages do not share modules.
export const state = (globalThis.journey ??= { news: 'none', after: 0 });

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
