// A cache handler as applications write them: in memory, by tags; each call is a line on stderr.
const entries = new Map();

module.exports = class Handler {
  async get(key) {
    // 16 puts a prefix before the path: `/route-cache/<kind>/<hash>/$`.
    console.error(`get ${key.split('/$').pop()}`);
    return entries.get(key) ?? null;
  }

  async set(key, value, context) {
    const headers = value?.headers ?? {};
    console.error(`set ${key.split('/$').pop()} ${Object.keys(headers)}`);
    const tags = context.tags ?? value?.tags ?? headers['x-next-cache-tags']?.split(',') ?? [];
    entries.set(key, { value, tags, lastModified: Date.now() });
  }

  async revalidateTag(tags) {
    console.error(`revalidateTag ${tags}`);
    for (const [key, entry] of entries) {
      if (entry.tags.some((tag) => [tags].flat().includes(tag))) entries.delete(key);
    }
  }

  resetRequestCache() {}
};
