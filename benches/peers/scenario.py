"""One thing that is measured with wrk: what is asked for, what must come of it, and the figures."""

import dataclasses
import time

import load
from peers import Setting
from proc import Failure, core_busy_seconds
from proof import Ask, check
from report import Ratio, Table
from stage import Stage

# So many keys are stored once, and all repeats asked for them: it takes a minute to store a million.
MANY = 10_000


@dataclasses.dataclass
class Scenario:
    title: str
    asks: list[Ask]  # each of them once
    size: int = 1024
    connections: int = 64
    result: str = "hit"  # or pass, stale, 304
    load: list[Ask] = ()  # as often as they are to be asked for; none: all asks alike
    limits: dict = dataclasses.field(default_factory=dict)  # peer -> Selvedge's budget against it
    application: bool = False
    rounds: bool = False  # each repeat with a new start, in turn with those of the others

    @property
    def bodies(self):
        """Whether a body of `size` bytes comes with each answer."""
        return self.result != "304" and not self.application and not self.asks[0].coding


def run(scenario, peers, args):
    """A table: the best repeat of each peer, and Selvedge's ratios."""
    runs, failures = {peer.name: [] for peer in peers}, []
    # Round by round, so that a noisy minute does not hit all repeats of one peer.
    rounds = scenario.rounds and len(scenario.asks) < MANY
    for _ in range(args.repeats if rounds else 1):
        for peer in [peer for peer in peers if peer.name in runs]:
            try:
                with Stage(peer, setting(scenario, args)) as stage:
                    prepare(stage, scenario)
                    for _ in range(1 if rounds else args.repeats):
                        runs[peer.name].append(measure(stage, scenario))
            except Failure as failure:
                # It has no row then, whatever its other repeats were; the others have theirs.
                del runs[peer.name]
                failures.append(f"{scenario.title}: {failure}")
    return table(scenario, runs, args, failures)


def setting(scenario, args):
    return Setting(args, scenario.size, len(scenario.asks), scenario.connections,
                   application=scenario.application)


def prepare(stage, scenario):
    """Stores what is to be found, proves that it is right, and lets the peer come to rest."""
    stage.wrk_file = stage.file("wrk", scenario.load or scenario.asks)
    if scenario.result != "pass":
        # Without a condition, so that there is something that it can be compared with.
        plain = scenario.result == "304"
        stage.fill([ask.unconditional() if plain else ask for ask in scenario.asks])
    check(stage, scenario)
    if not stage.args.quick:
        load.wrk(stage, stage.wrk_file, scenario.connections, seconds=1)
        stage.settle()


def measure(stage, scenario):
    """One run of wrk, metered and proven."""
    args = stage.args
    asked, begun = stage.counts(), time.monotonic()
    cpu, busy = stage.server.cpu_seconds(), core_busy_seconds(args.server_core)
    run = load.wrk(stage, stage.wrk_file, scenario.connections, args.duration)
    cpu = stage.server.cpu_seconds() - cpu
    busy = core_busy_seconds(args.server_core) - busy
    # Longer than the run: wrk writes all requests down first.
    elapsed = time.monotonic() - begun
    time.sleep(0.1)
    asked = stage.asked_since(asked)
    prove(stage.peer, scenario, run, asked)
    check(stage, scenario, most=50)
    return {
        "variant": stage.peer.variant(scenario.size, args),
        "requests": run["requests"],
        "requests_per_s": run["requests"] / run["seconds"],
        "cpu_us": 1e6 * cpu / run["requests"],
        "p50_us": run["p50_us"], "p99_us": run["p99_us"], "p999_us": run["p999_us"],
        "bytes_per_answer": run["bytes"] / run["requests"],
        "rss_bytes": stage.server.rss_bytes(),
        "rss_at_start": stage.rss_at_start,
        "core_busy": cpu / run["seconds"],
        "others_busy": max(0.0, (busy - cpu) / elapsed),
        "origin": asked,
    }


def prove(peer, scenario, run, asked):
    """What wrk saw and what the origin was asked must fit what we say we measured."""
    if any(run["errors"].values()) or not run["requests"]:
        raise Failure(f"{peer.name}: wrk met errors: {run}")
    per_answer = run["bytes"] / run["requests"]
    least = scenario.size if scenario.bodies else 60
    most = (scenario.size if scenario.result != "304" else 0) + 2048
    if not least <= per_answer <= most and not scenario.application:
        raise Failure(f"{peer.name}: {per_answer:.0f} bytes per answer with a body of "
                      f"{scenario.size}")
    if scenario.result == "pass":
        # What was under way when wrk stopped has reached the origin too.
        if not 0 <= asked["pages"] - run["requests"] <= scenario.connections:
            raise Failure(f"{peer.name}: {run['requests']} requests, but {asked['pages']} of them "
                          "reached the origin: this was no pass through")
    elif scenario.result == "stale":
        if not 0 < asked["pages"] <= len(scenario.asks) * (run["seconds"] + 2):
            raise Failure(f"{peer.name}: the origin was asked {asked['pages']} times: either "
                          "nothing was renewed, or more often than it became stale")
    elif asked["pages"]:
        raise Failure(f"{peer.name}: the origin was asked {asked['pages']} times: not only hits")


def table(scenario, runs, args, failures):
    best = {name: min(repeats, key=lambda run: run["cpu_us"]) for name, repeats in runs.items()}
    many = "1 key" if len(scenario.asks) == 1 else f"{len(scenario.asks):,} keys"
    return Table(
        f"{scenario.title}: {many}, {scenario.connections} connections",
        ["", "CPU µs/request", "repeats", "requests/s", "p50 µs", "p99 µs", "p99.9 µs",
         "bytes", "RSS MB", "busy", "others"],
        [row(name, run, runs[name]) for name, run in best.items()],
        ratios(scenario.title, best, scenario.limits),
        failures=failures, raw={"best": best, "repeats": runs, "seconds": args.duration})


def row(name, run, repeats):
    label = f"{name} ({run['variant']})" if run["variant"] else name
    return [label, f"{run['cpu_us']:.2f}", " ".join(f"{each['cpu_us']:.2f}" for each in repeats),
            f"{run['requests_per_s']:.0f}", run["p50_us"], run["p99_us"], run["p999_us"],
            f"{run['bytes_per_answer']:.0f}", f"{run['rss_bytes'] / 1e6:.1f}",
            f"{run['core_busy']:.0%}", f"{run['others_busy']:.1%}"]


def ratios(title, best, limits):
    return [Ratio(f"{title}: {ours} / {peer}", best[ours]["cpu_us"] / best[peer]["cpu_us"],
                  limits.get(peer))
            for ours in best if ours.startswith("selvedge")
            for peer in best if not peer.startswith("selvedge")]
