// A handler for `use cache` whose tags are far away: an update takes a while, and says when it is done.
const entries = new Map();
const expired = new Map();
const latest = (tags) => Math.max(0, ...tags.map((tag) => expired.get(tag) ?? 0));

module.exports = {
  async get(key) {
    const entry = await entries.get(key);
    if (!entry || latest(entry.tags) > entry.timestamp) return undefined;
    const [value, kept] = entry.value.tee();
    entry.value = kept;
    return { ...entry, value };
  },
  async set(key, entry) {
    entries.set(key, await entry);
  },
  async refreshTags() {},
  async getExpiration(tags) {
    return latest(tags);
  },
  async updateTags(tags) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (const tag of tags) expired.set(tag, Date.now());
    console.error(`updated ${tags}`);
  },
};
