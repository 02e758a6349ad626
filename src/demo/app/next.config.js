process.env.NEXT_TELEMETRY_DISABLED = '1';

// Without a root, Next.js looks for lock files further up, in the visitor's own folders.
module.exports = { outputFileTracingRoot: __dirname, turbopack: { root: __dirname } };
