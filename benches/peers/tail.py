"""The slowest hits, while the peer has something else to do; compared with when it has not."""

import json
import time
import urllib.request

import load
from matrix import KB, asks, one_each
from peers import Setting
from proc import Failure
from report import Ratio, Table
from stage import Stage

RATE, CONNECTIONS, HOT = 2000, 64, 1000
RENEWED, RENEWING_RATE = 5000, 3000
LONG = 100_000_000
TAGGED = 100_000
SLOW = 50
# What "does not move" is taken to mean: as much as runs of the same differ.
LIMIT = 1.5


def tail(args):
    rows, ratios, raw = [], [], {}
    for peer in one_each(args, passes=True):
        setting = Setting(args, KB, HOT + RENEWED, CONNECTIONS, admin=True)
        with Stage(peer, setting) as stage:
            measured = measure(stage)
        raw[peer.name] = measured
        quiet = measured["quiet"]
        for name, run in measured.items():
            rows.append([f"{peer.name}, {name}", run["answered"],
                         *(f"{run[key]:.0f}" for key in ("p50_us", "p99_us", "p999_us", "max_us")),
                         f"{run['p99_us'] / quiet['p99_us']:.2f}", run.get("proof", "")])
            if peer.name == "selvedge" and name != "quiet":
                ratios.append(Ratio(f"p99 of hits, {name} / quiet",
                                    run["p99_us"] / quiet["p99_us"], LIMIT))
    columns = ["", "hits", "p50 µs", "p99 µs", "p99.9 µs", "max µs", "p99 / quiet", "meanwhile"]
    yield Table(f"tail: {RATE} hits of 1 KB a second, {HOT} keys", columns, rows, ratios, raw=raw)


def measure(stage):
    hot = asks("", KB, HOT)
    stage.fill(hot)
    stage.hot_file = stage.file("hot", hot)
    seconds = stage.args.duration
    paced(stage, 1)
    measured = {"quiet": min((paced(stage, seconds) for _ in range(stage.args.repeats)),
                             key=lambda run: run["p99_us"])}
    meanwhile = [renewals, long_body, slow_clients]
    if stage.peer.name.startswith("selvedge"):
        meanwhile.append(purge)
    for each in meanwhile:
        measured[each.__doc__] = each(stage, seconds)
        stage.settle(5)
    return measured


def paced(stage, seconds):
    return load.finish(begin(stage, seconds))


def begin(stage, seconds):
    return load.start(stage.args, "paced", stage.address, stage.hot_file, RATE, seconds,
                      CONNECTIONS, first=True)


def proven(run, said):
    if run["answered"] != run["asked"]:
        raise Failure(f"{run['answered']} answers to {run['asked']} requests")
    return run | {"proof": said}


def renewals(stage, seconds):
    """thousands of entries renew"""
    fading = asks("/renew", KB, RENEWED)
    stage.fill(fading)
    time.sleep(1.1)
    before = stage.counts()
    others = load.start(stage.args, "paced", stage.address, stage.file("renew", fading),
                        RENEWING_RATE, seconds, CONNECTIONS)
    run = paced(stage, seconds)
    load.finish(others)
    renewed = stage.asked_since(before)["pages"]
    if renewed < 500 * seconds:
        raise Failure(f"{stage.peer.name}: {renewed} renewals in {seconds} s are not thousands")
    return proven(run, f"{renewed} renewals")


def long_body(stage, seconds):
    """100 MB bodies stream through"""
    reader = load.start(stage.args, "readers", stage.address, f"/big/{LONG}/1", 1, seconds, 0, 0)
    run = paced(stage, seconds)
    read = load.finish(reader)
    if read["bytes"] != read["whole"] * LONG or not read["whole"]:
        raise Failure(f"{stage.peer.name}: {read} of bodies of {LONG}")
    return proven(run, f"{read['whole']} bodies")


def slow_clients(stage, seconds):
    """slow clients read"""
    page = asks("", 1024 * KB, 1)
    stage.fill(page)
    reader = load.start(stage.args, "readers", stage.address, page[0].path, SLOW, seconds, 4096, 50)
    run = paced(stage, seconds)
    read = load.finish(reader)
    if not read["bytes"] or read["whole"]:
        raise Failure(f"{stage.peer.name}: these are no slow clients: {read}")
    return proven(run, f"{SLOW} clients, {read['bytes'] / SLOW / seconds / 1000:.0f} kB/s each")


def purge(stage, seconds):
    """a tag of 100,000 entries is purged"""
    stage.fill(asks("/tagged/posts", 512, TAGGED))
    process = begin(stage, seconds)
    purged = []
    # Softly, and then for good: each is something new for every entry.
    for soft in (True, False):
        time.sleep(seconds / 3)
        purged.append(invalidate(stage, {"tags": ["posts"], "soft": soft}))
    run = load.finish(process)
    if [count for count, _ in purged] != [TAGGED, TAGGED]:
        raise Failure(f"{stage.peer.name}: purged {purged} of {TAGGED}")
    return proven(run, "twice, in " + " and ".join(f"{1000 * took:.1f} ms" for _, took in purged))


def invalidate(stage, what):
    """How many were invalidated, and how long it took."""
    url = f"http://127.0.0.1:{stage.setting.admin_port}/invalidate"
    request = urllib.request.Request(url, json.dumps(what).encode(),
                                     {"Content-Type": "application/json"})
    begun = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["invalidated"], time.monotonic() - begun
    except OSError as error:
        raise Failure(f"{url} was not answered: {error!r}") from error
