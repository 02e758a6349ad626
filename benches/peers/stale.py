"""Stale hits: pages that are fresh for a second, and that the origin takes two to renew."""

import dataclasses
import threading
import time

import scenario
from matrix import KB, asks, one_each
from proof import Ask
from report import Ratio, Table
from stage import Stage, get

PAGES = 64
LIMIT = 1.1


def stale(args):
    """Fresh and stale hits of the same process, in turn."""
    fresh = scenario.Scenario("fresh hit", asks("", KB, PAGES))
    aged = dataclasses.replace(fresh, title="stale hit", asks=asks("/stale", KB, PAGES),
                               result="stale")
    rows, ratios, raw, failures = [], [], {}, []
    for peer in one_each(args, passes=True):
        try:
            runs, shares = measure(peer, fresh, aged, args)
        except scenario.Failure as failure:
            # It has no rows then; the others have theirs.
            failures.append(f"stale: {failure}")
            continue
        best = {name: min(each, key=lambda run: run["cpu_us"]) for name, each in runs.items()}
        for name, run in best.items():
            rows.append(scenario.row(f"{peer.name}, {name}", run, runs[name]))
        raw[peer.name] = {"best": best, "repeats": runs, "stale": shares}
        limit = LIMIT if peer.name == "selvedge" else None
        ratios.append(Ratio(f"{peer.name}: stale / fresh hit (of those, {min(shares):.0%} stale)",
                            best["stale"]["cpu_us"] / best["fresh"]["cpu_us"], limit))
        ratios.append(Ratio(f"{peer.name}: p99 of stale / fresh hits",
                            best["stale"]["p99_us"] / best["fresh"]["p99_us"]))
    columns = ["", "CPU µs/request", "repeats", "requests/s", "p50 µs", "p99 µs", "p99.9 µs",
               "bytes", "RSS MB", "busy", "others"]
    yield Table(f"stale hits while they are renewed: 1 KB, {PAGES} keys, 64 connections",
                columns, rows, ratios, failures=failures, raw=raw)


def measure(peer, fresh, aged, args):
    runs, shares = {"fresh": [], "stale": []}, []
    with Stage(peer, scenario.setting(fresh, args)) as stage:
        for each in (fresh, aged):
            scenario.prepare(stage, each)
        for _ in range(args.repeats):
            stage.wrk_file = stage.file("wrk", fresh.asks)
            runs["fresh"].append(scenario.measure(stage, fresh))
            stage.wrk_file = stage.file("wrk", aged.asks)
            # Whoever is measured has something stale from the beginning.
            time.sleep(1.1)
            with Watch(stage, aged.asks[0]) as watch:
                runs["stale"].append(scenario.measure(stage, aged))
            shares.append(watch.share())
    return runs, shares


class Watch:
    """Asks for one of the pages now and then, and notes whether it is stale."""

    def __init__(self, stage, ask: Ask):
        self.stage, self.ask, self.found, self.ended = stage, ask, [], threading.Event()
        self.thread = threading.Thread(target=self.look)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    def look(self):
        with self.stage.connection() as edge:
            while not self.ended.wait(0.05):
                _, headers, _ = get(edge, self.ask.path)
                self.found.append(self.stage.peer.found(headers))

    def share(self):
        if not self.found or "miss" in self.found:
            raise scenario.Failure(f"{self.stage.peer.name}: not only hits: {self.found}")
        share = self.found.count("stale") / len(self.found)
        if share < 0.4:
            raise scenario.Failure(f"{self.stage.peer.name}: only {share:.0%} were stale")
        return share
