//! What `--help` says besides the options. clap does not break lines: all of it has to fit 80
//! columns as it stands here.

pub(super) const ABOUT: &str = "\
The self-hosted edge for Next.js: one binary in front of `next start`. It keeps
what Next.js says may be kept, and renews it without letting visitors wait.";

pub(super) const AFTER: &str = "\
Examples:
  selvedge -- node server.js                  wrap a standalone server
  selvedge -- npx next start -H 127.0.0.1     wrap next start
  selvedge --origin http://127.0.0.1:3000     stand in front of a running one

Environment (a flag counts more, a file less):
  SELVEDGE_<SECTION>_<KEY>   any key, as in SELVEDGE_CACHE_CAPACITY=512MiB
  SELVEDGE_CONFIG            a configuration file, as --config
  PORT                       the port of server.listen

Exit codes:
  0   stopped as asked, or done
  1   a verb did not succeed
  64  the command line or the configuration is wrong
  69  an address is taken, the wrapped server cannot be started, or nobody
      answers
  70  a defect of Selvedge
  A wrapped server that ends gives its own code.

`selvedge check` lists every key. Each verb has a --help of its own.";

pub(super) const AFTER_DEMO: &str = "\
Uses Node.js and npm if they are there, else an origin that is built in.

Example:
  selvedge demo --listen 127.0.0.1:9000";

pub(super) const AFTER_CHECK: &str = "\
Takes all that `selvedge` takes. What it prints is a configuration file itself.
Exits with 64 if something is wrong, and shows every mistake and its remedy.

Examples:
  selvedge check selvedge.toml
  selvedge check --set cache.capacity=512MiB -- node server.js";

pub(super) const AFTER_HEALTH: &str = "\
Reads admin.listen as the edge does, from the environment too: in a container it
needs no flag. Exits with 0 if it is well, 1 if it is not or nobody answers, 64
if the configuration is wrong or admin.listen is off.

Example:
  HEALTHCHECK CMD [\"selvedge\", \"health\"]     (Dockerfile)";

pub(super) const USE_PURGE: &str =
    "selvedge purge --url URL|--path PATH|--prefix PATH|--tag TAG|--all";

pub(super) const AFTER_PURGE: &str = "\
What is meant can be said several times, and together. A page is all that is
stored of it: its document, payloads and data, with every query. Where the edge
has an admin.token, say it as SELVEDGE_ADMIN_TOKEN, or name its file.

Exits with 0 when it is done (also if nothing of that was stored), 1 if the edge
refuses, 64 if what was typed is wrong, 69 if nobody answers.

Examples:
  selvedge purge --url https://shop.example/blog
  selvedge purge --tag posts --tag users --soft
  selvedge purge --prefix /docs/ --admin 10.0.0.7:9180";

pub(super) const USE_EXPLAIN: &str =
    "selvedge explain URL [--rsc] [--edge ADDR] [--origin ADDR] [OPTIONS]";

pub(super) const AFTER_EXPLAIN: &str = "\
Asks for the URL, as a visitor would, and tells what the edge did, what decided,
for how long it is kept, and what to change in the application. A path is asked
of the edge that runs here; so is an https URL, as if it came through its TLS
terminator. With --origin Next.js itself is asked, and its answer judged by the
rules of the configuration.

Exits with 0 when it has an answer, 64 if what was typed is wrong, 69 if nobody
answers.

Examples:
  selvedge explain /blog
  selvedge explain https://shop.example/blog --edge 10.0.0.7:8080 --rsc
  selvedge explain /blog --origin http://127.0.0.1:3000";

pub(super) const USE_WARM: &str =
    "selvedge warm [URL...] [--sitemap URL] [--manifest] [--from-log FILE]";

pub(super) const AFTER_WARM: &str = "\
Asks for each page once, as a browser would. Of what is kept, the host is part:
paths (of a manifest, a log) are those of --site, which the edge that runs here
is asked for; a sitemap names its host itself. A log is the edge's own in JSON
(log.access), and its most visited pages come first.

Exits with 0 if nothing failed (what cannot be cached is no failure), 1 if
something did, 64 if what was typed is wrong, 69 if nobody answers.

Examples:
  selvedge warm --sitemap http://127.0.0.1:8080/sitemap.xml --rsc
  selvedge warm --manifest=/app/.next --site https://shop.example
  selvedge warm / /blog --site https://shop.example --edge 10.0.0.7:8080";

pub(super) const AFTER_BRIDGE: &str = "\
A wrapped server (`selvedge -- ...`) gets it by itself. Another one needs the
file, and three variables in its environment:

  selvedge bridge > bridge.cjs
  NODE_OPTIONS=--require=/path/to/bridge.cjs
  SELVEDGE_URL=http://127.0.0.1:9180    where admin.listen is (of several: URL,URL)
  SELVEDGE_TOKEN=...                    the value of admin.token";
