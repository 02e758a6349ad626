#!/usr/bin/env python3
"""Selvedge beside nginx, Varnish and a bare hyper server. README.md says what is measured, and how."""

import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import churn
import matrix
import report
import svg
from peers import HERE, PEERS, REPOSITORY, Nginx
from proc import Failure
from stale import stale
from stampede import stampede
from start import start
from streams import streams
from tail import tail

GROUPS = {
    "start": start,
    "hits": matrix.hits,
    "crowded": matrix.crowded,
    "keys": matrix.keys,
    "mix": matrix.mix,
    "pass": matrix.passed,
    "stale": stale,
    "304": matrix.conditional,
    "compressed": matrix.compressed,
    "streams": streams,
    "stampede": stampede,
    "tail": tail,
}
SIZES = [1024, 16 * 1024, 128 * 1024]


def arguments():
    def size(word):
        unit = {"k": 1024, "m": 1024**2}.get(word[-1:].lower())
        return int(word[:-1]) * unit if unit else int(word)

    def many(kind):
        return lambda words: [kind(word) for word in words.split(",")]

    def peer(word):
        if word not in PEERS:
            raise argparse.ArgumentTypeError(f"{word}: not one of {', '.join(PEERS)}")
        return word

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP",
                        help=f"of {', '.join(GROUPS)}, sweep (hits)")
    parser.add_argument("--all", action="store_true", help="every group but --churn, half an hour")
    parser.add_argument("--quick", action="store_true",
                        help="short and small: whether all works, no figures to believe")
    parser.add_argument("--churn", type=float, metavar="MINUTES",
                        help="a full store for so long, and then a crawler's sweep")
    parser.add_argument("--svg", type=pathlib.Path, metavar="FILE", help="the graph of --churn")
    parser.add_argument("--peers", type=many(peer), default=list(PEERS), metavar="A,B",
                        help=f"of {', '.join(PEERS)} (all)")
    parser.add_argument("--sizes", type=many(size), metavar="1k,16k",
                        help="of the body (1k; with --all 1k,16k,128k)")
    parser.add_argument("--keys", type=int, default=1, help="pages asked for, at random (1)")
    parser.add_argument("--connections", type=int, default=64, help="kept alive (64)")
    parser.add_argument("--duration", type=int, help="seconds of each repeat (8; with --all 3)")
    parser.add_argument("--repeats", type=int, default=2, help="the one with less CPU counts (2)")
    parser.add_argument("--selvedge", type=pathlib.Path, metavar="PATH",
                        default=REPOSITORY / "target/release/selvedge")
    parser.add_argument("--selvedge-env", action="append", default=[], metavar="NAME=VALUE",
                        help="for both rows of Selvedge; may be repeated")
    parser.add_argument("--nginx-sends", choices=["auto", *Nginx.SENDING], default="auto",
                        help="auto: whichever was measured best for the size (auto)")
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--load-core", type=int, default=1, help="for the clients and the origin")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--markdown", type=pathlib.Path, metavar="FILE")
    return completed(parser, parser.parse_args())


def completed(parser, args):
    """What depends on other arguments."""
    for group in args.groups:
        if group not in GROUPS and group != "sweep":
            parser.error(f"{group}: not one of {', '.join(GROUPS)}, sweep")
    if args.all:
        args.groups = [*GROUPS, "sweep"]
    elif not args.groups and args.churn is None:
        args.groups = ["hits"]
    args.sizes = args.sizes or (SIZES if args.all and not args.quick else SIZES[:1])
    args.duration = args.duration or (1 if args.quick else 3 if args.all else 8)
    args.many_keys, args.capacity_mib, args.starts = [1000, 100_000, 1_000_000], 256, 5
    if args.quick:
        args.repeats, args.many_keys, args.capacity_mib, args.starts = 1, [1000, 5000], 32, 1
    args.selvedge = args.selvedge.resolve()
    return args


def main():
    # So that `finally` and `with` run.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    args = arguments()
    facts = report.machine(args)  # before the build adds to the load
    prepare(args)
    report.print_machine(facts)
    tables, panels, failures = [], [], []
    try:
        for name, group in groups(args):
            try:
                for table, more in group:
                    tables.append(table)
                    panels += more
                    failures += table.failures
                    report.print_table(table)
            except Failure as failure:
                # The others are still worth their time.
                failures.append(f"{name}: {failure}")
                print(f"\nFAILED: {failures[-1]}")
    finally:
        # And so is what was measured before somebody had enough.
        write(args, facts, tables, panels, failures)
    if report.budgets(tables):
        report.print_budgets(tables)
    if failures:
        raise Failure("; ".join(failures))


def prepare(args):
    for core in (args.server_core, args.load_core):
        if core not in os.sched_getaffinity(0):
            raise Failure(f"core {core} is not ours to use")
    if not shutil.which("wrk"):
        raise Failure("wrk is not installed")
    subprocess.run(["cargo", "build", "--quiet", "--release", "--locked"], check=True,
                   cwd=HERE / "rig")
    # The peer's core is for the peer.
    os.sched_setaffinity(0, {args.load_core})


def groups(args):
    """Each with its name; it gives tables as soon as they are there, and what to draw of them."""
    for name in args.groups:
        if name != "sweep":
            yield name, ((table, []) for table in GROUPS[name](args))
    if args.churn is not None:
        yield "churn", churn.churn(args, args.churn)
    if args.churn is not None or "sweep" in args.groups:
        yield "sweep", churn.sweep(args)


def write(args, facts, tables, panels, failures):
    if args.json:
        said = {name: value if isinstance(value, (int, float, list)) else str(value)
                for name, value in vars(args).items()}
        everything = {"machine": facts, "arguments": said,
                      "tables": [table.json() for table in tables], "failures": failures}
        args.json.write_text(json.dumps(everything, indent=1) + "\n")
    if args.markdown:
        args.markdown.write_text(report.markdown(facts, tables, failures))
    if args.svg and panels:
        args.svg.write_text(svg.drawn(panels))


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"FAILED: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
