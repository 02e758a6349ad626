"""A thousand clients at once for one page that nobody has asked for yet."""

import load
from matrix import one_each
from peers import Setting
from proc import Failure
from report import Ratio, Table
from stage import Stage, get

CLIENTS, SIZE, WAIT_MS = 1000, 64 * 1024, 300
SPREAD_LIMIT = 5  # ms


def stampede(args):
    rows, raw, ratios = [], {}, []
    for peer in one_each(args, passes=True):
        with Stage(peer, Setting(args, SIZE, connections=CLIENTS)) as stage:
            runs = [rush(stage, key) for key in range(args.repeats + 1)]
        best = min(runs, key=lambda run: run["spread_us"])
        asked = max(run["asked"] for run in runs)
        raw[peer.name] = runs
        rows.append([peer.name, asked, f"{best['first_us'] / 1000:.1f}",
                     f"{best['spread_us'] / 1000:.1f}",
                     " ".join(f"{run['spread_us'] / 1000:.1f}" for run in runs),
                     f"{best['end_us'] / 1000:.1f}"])
        if peer.name == "selvedge":
            ratios = [Ratio("stampede: requests to the origin", asked, 1, "requests"),
                      Ratio("stampede: last first byte after the first", best["spread_us"] / 1000,
                            SPREAD_LIMIT, "ms")]
    columns = ["", "origin's requests", "first byte ms", "last after it ms", "repeats",
               "all whole ms"]
    yield Table(f"stampede: {CLIENTS} clients at once for one cold page of {SIZE // 1024} KB, which "
                f"takes {WAIT_MS} ms and then comes in ten parts over 200 ms", columns, rows, ratios,
                raw=raw)


def rush(stage, key):
    path = f"/slow/{WAIT_MS}/{SIZE}/{key}"
    before = stage.counts()
    run = load.run(stage.args, "stampede", stage.address, path, CLIENTS, first=True)
    run["asked"] = stage.asked_since(before)["pages"]
    with stage.source() as source:
        want = get(source, path)[2]
    if (run["clients"], run["alike"]) != (CLIENTS, CLIENTS) or run["hash"] != f"{fnv(want):x}":
        raise Failure(f"{stage.peer.name}: {run['alike']} of {CLIENTS} got the page, "
                      f"{run['bytes']} bytes of {len(want)}")
    return run


def fnv(data):
    """FNV-1a, as in figures.rs."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & (2**64 - 1)
    return value
