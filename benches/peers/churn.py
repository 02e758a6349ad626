"""A store that is full: what it holds of memory, and whom it serves.

`churn`: visitors of many more pages than fit, of all sizes, for minutes or an hour. `sweep`: the
same store, visited by those who come again, while a crawler asks for everything once.
"""

import json
import random
import time

import application
import load
from peers import ONE_EACH, Setting
from proc import Failure
from proof import Ask, decoded
from report import Ratio, Table
from stage import Stage, get
from svg import Panel

RSS_LIMIT = 1.3
MEAN = 27_800  # bytes of a page, as page.rs makes them
HIT = "selvedge; hit"


class Sizes:
    """How much there is of everything, for a store of so many MiB."""

    def __init__(self, mib):
        self.mib, self.capacity = mib, mib * 2**20
        self.pages = 1000 * round(4.15 * self.capacity / MEAN / 1000)  # 40,000, 1.1 GB
        self.hot = 100 * round(0.31 * self.capacity / MEAN / 100)  # 3,000, 80 MB
        self.swept = 3 * self.capacity // MEAN


def page(key):
    return Ask(f"/mixed/{key}")


def zipf(pages, lines):
    chance = random.Random(2)
    return [page(application.zipf(chance, pages)) for _ in range(lines)]


def full(args, sizes):
    """Selvedge alone: what a peer keeps of memory depends on other things."""
    peer = ONE_EACH["selvedge"]
    if peer.missing(args):
        raise Failure(peer.missing(args))
    return Stage(peer, Setting(args, keys=sizes.pages, capacity=f"{sizes.mib}MiB"))


class Crowd:
    """Visitors, of whom is told each second."""

    def __init__(self, stage, asks, connections, seconds):
        self.stage, self.begun = stage, time.monotonic()
        self.process = load.start(stage.args, "crowd", stage.address, stage.file("crowd", asks),
                                  connections, seconds, HIT)
        self.samples = []

    def sample(self):
        """The next second; None at the end."""
        line = self.process.stdout.readline()
        if not line:
            if self.process.wait():
                raise Failure(f"crowd: {self.process.stderr.read()[-2000:]}")
            return None
        sample = json.loads(line) | {"at": time.monotonic() - self.begun,
                                     "rss": self.stage.server.rss_bytes()}
        self.samples.append(sample)
        return sample

    def end(self):
        self.process.terminate()
        self.process.communicate()

    def hit_ratio(self, begin=0.0, end=float("inf")):
        chosen = [each for each in self.samples if begin <= each["at"] <= end]
        requests = sum(each["requests"] for each in chosen)
        return sum(each["hits"] for each in chosen) / requests if requests else 0.0

    def line(self, value):
        return [(each["at"], value(each)) for each in self.samples]


def churn(args, minutes):
    """The table and its panels, once there."""
    sizes = Sizes(args.capacity_mib)
    with full(args, sizes) as stage:
        crowd = Crowd(stage, zipf(sizes.pages, 10 * sizes.pages), 32, round(60 * minutes))
        try:
            while crowd.sample():
                pass
            fetched = sum(each["bytes"] for each in crowd.samples)
            prove(stage, crowd, sizes, fetched)
        finally:
            crowd.end()
    # When it is full, and from then on.
    later = crowd.samples[len(crowd.samples) // 3:]
    most, last = max(each["rss"] for each in later), crowd.samples[-1]["rss"]
    requests = sum(each["requests"] for each in crowd.samples)
    rows = [[f"{minutes:g} min", f"{requests:,}", f"{fetched / 1e9:.1f}", f"{most / 2**20:.0f}",
             f"{last / 2**20:.0f}", f"{crowd.hit_ratio():.1%}"]]
    table = Table(
        f"churn: {sizes.pages:,} pages of 0.7 to 150 KB by Zipf's law, {sizes.mib} MiB for them",
        ["", "requests", "GB sent", "most RSS MiB", "last RSS MiB", "hits"], rows,
        [Ratio(f"RSS after {minutes:g} minutes of churn / capacity", most / sizes.capacity,
               RSS_LIMIT)],
        raw=crowd.samples)
    yield table, [
        Panel(f"RSS in MiB, cache.capacity {sizes.mib} MiB, {sizes.pages:,} pages of 0.7 to 150 KB",
              crowd.line(lambda each: each["rss"] / 2**20), 2 * sizes.mib, "",
              {"capacity": sizes.mib, "1.3 × capacity": RSS_LIMIT * sizes.mib}),
        Panel("Hits, percent, meanwhile", crowd.line(percent), 100, " %"),
    ]


def percent(sample):
    return 100 * sample["hits"] / max(1, sample["requests"])


def prove(stage, crowd, sizes, fetched):
    """That more than fits went through, and that what comes out is still right."""
    if fetched * (1 - crowd.hit_ratio()) < sizes.capacity:
        raise Failure(f"{fetched / 1e6:.0f} MB do not fill a store of {sizes.mib} MiB: take more "
                      "minutes")
    with stage.connection() as edge, stage.source() as source:
        for key in range(0, sizes.pages, sizes.pages // 100):
            ask = page(key)
            (status, headers, body), (_, _, want) = get(edge, ask.path), get(source, ask.path)
            if status != 200 or decoded(body, headers.get("Content-Encoding", "")) != want:
                raise Failure(f"{ask.path}: {status}, {len(body)} bytes of {len(want)}")


def sweep(args):
    """The table and its panels, once there."""
    seconds, sizes = max(4, 2 * args.duration), Sizes(args.capacity_mib)
    with full(args, sizes) as stage:
        stage.fill([page(key) for key in range(sizes.hot)])
        crowd = Crowd(stage, zipf(sizes.hot, 30 * sizes.hot), 8, 3600)
        try:
            for _ in range(2 * seconds):
                crowd.sample()
            begin = crowd.samples[-1]["at"]
            crawler = load.start(stage.args, "fill", stage.address, stage.file(
                "sweep", [page(10**6 + key) for key in range(sizes.swept)]), 8)
            while crawler.poll() is None:
                crowd.sample()
            end = crowd.samples[-1]["at"]
            swept = load.finish(crawler)
            for _ in range(seconds):
                crowd.sample()
        finally:
            crowd.end()
    if swept["bytes"] < 2.5 * sizes.capacity:
        raise Failure(f"swept {swept['bytes']} bytes, not three times the capacity")
    phases = {"before": (begin / 2, begin), "during": (begin, end), "after": (end, float("inf"))}
    hits = {name: crowd.hit_ratio(*phase) for name, phase in phases.items()}
    table = Table(
        f"sweep: {sizes.hot:,} pages are visited by Zipf's law, {sizes.swept:,} others "
        f"({swept['bytes'] / sizes.capacity:.1f} × capacity) asked for once, in {end - begin:.0f} s",
        ["", *phases], [["hits of the visitors", *(f"{each:.1%}" for each in hits.values())]],
        [Ratio("hits lost during the sweep", 100 * (hits["before"] - hits["during"]), unit="%"),
         Ratio("hits lost after it", 100 * (hits["before"] - hits["after"]), unit="%")],
        raw={"samples": crowd.samples, "hits": hits})
    yield table, [Panel(f"Hits of visitors, percent, while a crawler asks for "
                         f"{swept['bytes'] / sizes.capacity:.1f} × the capacity",
                         crowd.line(percent), 100, " %", band=("crawler", begin, end))]
