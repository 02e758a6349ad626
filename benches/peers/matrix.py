"""The groups of measurements that wrk makes, with their budgets."""

import application
from peers import COMPRESSING, ONE_EACH, PEERS
from proof import Ask
from report import Ratio
from scenario import Scenario, run

KB = 1024
HIT_LIMITS = {
    1 * KB: {"nginx": 0.65, "varnish": 0.5, "bare hyper": 1.15},
    16 * KB: {"nginx": 0.85},
    128 * KB: {"bare hyper": 1.05},
}
# A little less than what is worth compressing, so that an entry is one body.
UNCODED = 1000
MILLION = 1_000_000
GROWTH_LIMIT = 1.3
ENTRY_LIMIT = 600  # bytes


def named(size):
    return f"{size // KB} KB" if size % KB == 0 else f"{size} B"


def asks(prefix, size, keys, headers=(), coding=""):
    return [Ask(f"{prefix}/{size}/{key}", headers, coding) for key in range(keys)]


def present(peers, args, passes=False):
    does = (lambda peer: peer.passes) if passes else (lambda peer: peer.stores)
    return [peer for peer in peers if not peer.missing(args) and does(peer)]


def all_rows(args, passes=False):
    return present([peer for word in args.peers for peer in PEERS[word]], args, passes)


def one_each(args, passes=False):
    return present([ONE_EACH[word] for word in args.peers], args, passes)


def hits(args):
    for size in args.sizes:
        scenario = Scenario(f"{named(size)} hit", asks("", size, args.keys), size,
                            args.connections, limits=HIT_LIMITS.get(size, {}), rounds=True)
        yield run(scenario, all_rows(args), args)


def crowded(args):
    for size in args.sizes:
        scenario = Scenario(f"{named(size)} hit", asks("", size, 1), size, 512)
        yield run(scenario, one_each(args), args)


def keys(args):
    """Up to a million entries: what a hit costs then, and what an entry takes beside its payload."""
    few = None
    for count in args.many_keys:
        scenario = Scenario(f"{UNCODED} B hit of {count:,}", asks("", UNCODED, count), UNCODED)
        table = run(scenario, one_each(args), args)
        ours = table.raw["best"].get("selvedge")
        if ours and few:
            table.ratios += growth(few, ours, count)
        few = few or ours
        yield table


def growth(few, many, count):
    budgets = (GROWTH_LIMIT, ENTRY_LIMIT) if count >= MILLION else (None, None)
    return [Ratio(f"a hit with {count:,} keys / with 1,000", many["cpu_us"] / few["cpu_us"],
                  budgets[0]),
            Ratio(f"memory for each of {count:,} entries beside its payload", beside(many, count),
                  budgets[1], "B")]


def beside(run, count):
    """Growth of RSS, less body and head. wrk's answers have the head as a client gets it."""
    return (run["rss_bytes"] - run["rss_at_start"]) / count - run["bytes_per_answer"]


def passed(args):
    for size in args.sizes:
        scenario = Scenario(f"{named(size)} passed through", asks("/pass", size, 1), size,
                            args.connections, "pass",
                            limits={"nginx": 1.0} if size == KB else {}, rounds=True)
        yield run(scenario, all_rows(args, passes=True), args)


def conditional(args):
    """`If-None-Match` with the entity tag that the origin gave."""
    headers = (("If-None-Match", etag(16 * KB, 0)),)
    scenario = Scenario("304 of 16 KB", asks("", 16 * KB, 1, headers), 16 * KB, result="304")
    yield run(scenario, one_each(args, passes=True), args)


def etag(size, key):
    """As page.rs makes it (SplitMix64)."""
    mask = 2**64 - 1
    mixed = (key + 0x9E3779B97F4A7C15) & mask
    mixed = ((mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9) & mask
    mixed = ((mixed ^ mixed >> 27) * 0x94D049BB133111EB) & mask
    return f'"{mixed ^ mixed >> 31:x}{size:x}"'


def compressed(args):
    size = 16 * KB
    for coding in ("gzip", "br"):
        peers = one_each(args, passes=True)
        if coding == "gzip" and "nginx" in args.peers:
            peers = present(COMPRESSING, args) + [peer for peer in peers if peer.name != "nginx"]
        if coding == "br":
            peers = [peer for peer in peers if peer.name == "selvedge"]
        headers = (("Accept-Encoding", coding),)
        page = asks("/html", size, 1, headers, coding)
        scenario = Scenario(f"16 KB page in {coding}", page, size)
        yield run(scenario, peers, args)


def mix(args):
    scenario = Scenario("documents, payloads, chunks and pictures", application.every(),
                        load=application.visits(), application=True)
    yield run(scenario, one_each(args, passes=True), args)
