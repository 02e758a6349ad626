#!/usr/bin/env python3
"""CPU per request of nginx, Varnish, a bare hyper server and Selvedge. README.md says how."""

import argparse
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import report
from peers import HERE, PEERS, REPOSITORY, Nginx, Setting, rig
from proc import Failure, Process, core_busy_seconds, free_port


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
    parser.add_argument("--peers", type=many(peer), default=list(PEERS), metavar="A,B",
                        help=f"of {', '.join(PEERS)} (all)")
    parser.add_argument("--sizes", type=many(size), default=[1024], metavar="1k,16k",
                        help="of the body (1k)")
    parser.add_argument("--keys", type=int, default=1, help="pages asked for, at random (1)")
    parser.add_argument("--connections", type=int, default=64, help="kept alive (64)")
    parser.add_argument("--duration", type=int, default=8, help="seconds of each repeat (8)")
    parser.add_argument("--repeats", type=int, default=2, help="the one with less CPU counts (2)")
    parser.add_argument("--passthrough", action="store_true",
                        help="an answer that no cache may keep, instead of hits")
    parser.add_argument("--selvedge", type=pathlib.Path, metavar="PATH",
                        default=REPOSITORY / "target/release/selvedge")
    parser.add_argument("--selvedge-env", action="append", default=[], metavar="NAME=VALUE",
                        help="for both rows of Selvedge; may be repeated")
    parser.add_argument("--nginx-sends", choices=["auto", *Nginx.SENDING], default="auto",
                        help="auto: whichever was measured best for the size (auto)")
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--load-core", type=int, default=1, help="for wrk and the origin")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    args = parser.parse_args()
    args.selvedge = args.selvedge.resolve()
    return args


def main():
    # So that `finally` and `with` run.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    args = arguments()
    machine = report.machine(args)  # before the build adds to the load
    for core in (args.server_core, args.load_core):
        if core not in os.sched_getaffinity(0):
            raise Failure(f"core {core} is not ours to use")
    if not shutil.which("wrk"):
        raise Failure("wrk is not installed")
    subprocess.run(["cargo", "build", "--quiet", "--release", "--locked"], check=True,
                   cwd=HERE / "rig")
    report.print_machine(machine)

    peers = []
    for peer in (peer for word in args.peers for peer in PEERS[word]):
        why = peer.missing(args)
        if args.passthrough and not peer.passes:
            why = "it has no origin to pass to"
        if why:
            print(f"skipped: {peer.name}: {why}")
        else:
            peers.append(peer)

    tables = []
    for size in args.sizes:
        runs = {peer.name: [] for peer in peers}
        # Round by round, so that a noisy minute does not hit all repeats of one peer.
        for _ in range(args.repeats):
            for peer in peers:
                runs[peer.name].append(measure(peer, size, args))
        tables.append(report.table(size, runs, args))
        report.print_table(tables[-1])
    if args.json:
        args.json.write_text(json.dumps({"machine": machine, "tables": tables}, indent=2) + "\n")


def measure(peer, size, args):
    """Starts the origin and the peer, proves that the answers are right, meters one wrk run."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    origin = server = None
    with tempfile.TemporaryDirectory(prefix="selvedge-peers-", dir=memory) as directory:
        try:
            port, origin_port = free_port(), free_port()
            origin = Process("origin", args.load_core, [rig("origin"), f"127.0.0.1:{origin_port}"],
                             f"{directory}/origin.log")
            origin.wait_for_port(origin_port)
            argv, env = peer.command(Setting(directory, port, origin_port, size, args))
            server = Process(peer.name, args.server_core, argv, f"{directory}/peer.log", env)
            server.wait_for_port(port)

            check(peer, port, origin_port, size, args)
            wrk(port, size, args, seconds=1)
            time.sleep(0.1)

            asked, cpu, busy = counts(origin_port), server.cpu_seconds(), core_busy_seconds(
                args.server_core)
            run = wrk(port, size, args, seconds=args.duration)
            cpu = server.cpu_seconds() - cpu
            busy = core_busy_seconds(args.server_core) - busy
            time.sleep(0.1)
            now = counts(origin_port)
            asked = {name: now[name] - asked[name] for name in now}
            asked["connections"] -= 1  # our own, to ask for the count
            prove(peer, run, asked, size, args)
            check(peer, port, origin_port, size, args, warm=False)

            return {
                "variant": peer.variant(size, args),
                "requests": run["requests"],
                "requests_per_s": run["requests"] / run["seconds"],
                "cpu_us": 1e6 * cpu / run["requests"],
                "p50_us": run["p50_us"],
                "p99_us": run["p99_us"],
                "bytes_per_answer": run["bytes"] / run["requests"],
                "rss_bytes": server.rss_bytes(),
                "core_busy": cpu / run["seconds"],
                "others_busy": max(0.0, (busy - cpu) / run["seconds"]),
                "origin": asked,
            }
        finally:
            for process in (server, origin):
                if process:
                    process.stop()


def check(peer, port, origin_port, size, args, warm=True):
    """Asks for the keys, and compares the answers with what the origin itself says."""
    edge = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    source = http.client.HTTPConnection("127.0.0.1", origin_port, timeout=10)
    try:
        for key in range(args.keys):
            path = page(size, key, args)
            if warm and not args.passthrough:
                get(edge, path)
            # All of them when they are few, else one in so many.
            if key % (args.keys // 1000 + 1):
                continue
            status, headers, body = get(edge, path)
            for _ in range(50 if warm and not args.passthrough else 0):
                if peer.is_hit(headers):
                    break
                time.sleep(0.01)  # it may store after it has answered
                status, headers, body = get(edge, path)
            want_status, _, want = get(source, path)
            where = f"{peer.name}, {path}"
            if (status, want_status) != (200, 200):
                raise Failure(f"{where}: status {status}, from the origin {want_status}")
            if len(want) != size or body != want:
                raise Failure(f"{where}: {len(body)} bytes, not the origin's {len(want)}")
            if peer.is_hit(headers) == args.passthrough:
                wrong = "a hit" if args.passthrough else "not a hit"
                raise Failure(f"{where}: {wrong}, it says:\n{headers}")
    except (OSError, http.client.HTTPException) as error:
        raise Failure(f"{peer.name} did not answer: {error!r}") from error
    finally:
        edge.close()
        source.close()


def prove(peer, run, asked, size, args):
    """What wrk saw and what the origin was asked must fit what we say we measured."""
    if any(run["errors"].values()) or not run["requests"]:
        raise Failure(f"{peer.name}: wrk met errors: {run}")
    per_answer = run["bytes"] / run["requests"]
    if not size <= per_answer <= size + 2048:
        raise Failure(f"{peer.name}: {per_answer:.0f} bytes per answer with a body of {size}")
    if args.passthrough:
        # What was under way when wrk stopped has reached the origin too.
        if not 0 <= asked["pages"] - run["requests"] <= args.connections:
            raise Failure(f"{peer.name}: {run['requests']} requests, but {asked['pages']} of them "
                          "reached the origin: this was no pass through")
    # Selvedge asks for a page now and then, to learn which build answers.
    elif asked["pages"] > (run["seconds"] if peer.looks else 0):
        raise Failure(f"{peer.name}: the origin was asked {asked['pages']} times: not only hits")


def wrk(port, size, args, seconds):
    url = f"http://127.0.0.1:{port}{page(size, 0, args)}"
    argv = ["taskset", "-c", str(args.load_core), "wrk", "-t1", f"-c{args.connections}",
            f"-d{seconds}s", "--latency", "-s", HERE / "wrk.lua", url]
    if args.keys > 1:
        argv += ["--", page(size, "", args), str(args.keys)]
    done = subprocess.run(argv, text=True, capture_output=True)
    for line in done.stdout.splitlines():
        if line.startswith("JSON "):
            return json.loads(line.removeprefix("JSON "))
    raise Failure(f"wrk said:\n{done.stdout}{done.stderr}")


def page(size, key, args):
    return f"{'/pass' if args.passthrough else ''}/{size}/{key}"


def counts(origin_port):
    connection = http.client.HTTPConnection("127.0.0.1", origin_port, timeout=10)
    try:
        return json.loads(get(connection, "/__count")[2])
    finally:
        connection.close()


def get(connection, path):
    # The headers that wrk sends and no others: a Host with its port.
    connection.putrequest("GET", path, skip_accept_encoding=True)
    connection.endheaders()
    response = connection.getresponse()
    return response.status, response.headers, response.read()


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"FAILED: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
