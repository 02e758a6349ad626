"""What each peer adds to a stream that passes through it: to its first byte, and to each piece."""

import load
from matrix import one_each
from peers import Setting
from proc import Failure
from report import Ratio, Table
from stage import Stage

STREAMS, PIECES, PAUSE_MS = 20, 40, 25
PATH = f"/stream/{PIECES}/{PAUSE_MS}"


def streams(args):
    rows, raw, ratios = [], {}, []
    direct = None
    for peer in one_each(args, passes=True):
        with Stage(peer, Setting(args)) as stage:
            if direct is None:
                direct = min((read(args, stage.origin_address) for _ in range(args.repeats)),
                             key=lambda run: run["piece_p50_us"])
                rows.append(row("the origin itself", direct, direct))
            runs = [read(args, stage.address) for _ in range(args.repeats)]
            best = min(runs, key=lambda run: run["piece_p50_us"])
            rows.append(row(peer.name, best, direct))
            raw[peer.name] = runs
    if "nginx" in raw and "selvedge" in raw:
        for key, what in (("first_p50_us", "first byte"), ("piece_p50_us", "each piece")):
            ours, theirs = (min(run[key] for run in raw[name]) - direct[key]
                            for name in ("selvedge", "nginx"))
            ratios.append(Ratio(f"streams: added to {what}: selvedge less nginx",
                                (ours - theirs) / 1000, unit="ms"))
    columns = ["", "first byte p50 µs", "added", "p99", "piece p50 µs", "added", "p99", "p99.9"]
    yield Table(f"streams passed through: {STREAMS} at once, a piece each {PAUSE_MS} ms",
                columns, rows, ratios, raw={"origin": direct, "peers": raw})


def read(args, address):
    run = load.run(args, "streams", address, PATH, STREAMS, first=True)
    if run["pieces"] != STREAMS * PIECES:
        raise Failure(f"{run['pieces']} pieces came of {STREAMS * PIECES}")
    # A stream that is held back comes whole at its end.
    if run["piece_p50_us"] > 1000 * PAUSE_MS:
        raise Failure(f"pieces came {run['piece_p50_us'] / 1000:.0f} ms late: this did not stream")
    return run


def row(name, run, direct):
    added = {key: f"{run[key] - direct[key]:+.0f}" for key in ("first_p50_us", "piece_p50_us")}
    return [name, f"{run['first_p50_us']:.0f}", added["first_p50_us"],
            f"{run['first_p99_us']:.0f}", f"{run['piece_p50_us']:.0f}", added["piece_p50_us"],
            f"{run['piece_p99_us']:.0f}", f"{run['piece_p999_us']:.0f}"]
