"""What is printed: the machine, tables, and the ratios that the budgets speak of."""

import dataclasses
import os
import platform
import tomllib

from peers import HERE, PEERS, REPOSITORY, said

LOAD_LIMIT = 1.5
NOISE_LIMIT = 0.05  # of the peer's core, used by anyone else


@dataclasses.dataclass
class Ratio:
    """A figure that a budget may speak of."""

    what: str
    value: float
    limit: float | None = None
    unit: str = "×"

    @property
    def verdict(self):
        if self.limit is None:
            return ""
        return "met" if self.value <= self.limit else "MISSED"

    def cells(self):
        limit = "" if self.limit is None else f"{self.limit:g} {self.unit}"
        return [self.what, f"{self.value:.2f} {self.unit}", limit, self.verdict]


@dataclasses.dataclass
class Table:
    title: str
    columns: list
    rows: list
    ratios: list = dataclasses.field(default_factory=list)
    failures: list = dataclasses.field(default_factory=list)
    raw: object = None

    def json(self):
        ratios = [dataclasses.asdict(ratio) | {"verdict": ratio.verdict} for ratio in self.ratios]
        return {"title": self.title, "columns": self.columns, "rows": self.rows,
                "ratios": ratios, "failures": self.failures, "raw": self.raw}


def machine(args):
    with open("/proc/cpuinfo") as file:
        models = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    facts = {
        "cpu": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "load average": round(os.getloadavg()[0], 2),
        "rustc": said(["rustc", "--version"]),
        "wrk": said(["wrk", "-v"]),
        "profile of the rig": profile(HERE / "rig/Cargo.toml"),
        "profile of selvedge": profile(REPOSITORY / "Cargo.toml"),
    }
    for peer in (PEERS[word][0] for word in args.peers):
        facts[peer.name] = peer.missing(args) or peer.version(args)
    facts["peer on core"] = (f"{args.server_core}, wrk, the clients and the origin on core "
                             f"{args.load_core}")
    return facts


def profile(manifest):
    """cargo's release profile as the manifest changes it; cargo's default for the rest."""
    changed = tomllib.loads(manifest.read_text()).get("profile", {}).get("release", {})
    words = [f"{name} = {value!r}" for name, value in changed.items()]
    return "cargo's release" + ("" if not words else ", " + ", ".join(words))


def print_machine(facts):
    for name, fact in facts.items():
        print(f"{name + ':':<21}{fact}")
    if facts["load average"] > LOAD_LIMIT:
        print(f"WARNING: load average {facts['load average']} at start: someone else is at work "
              "here, believe CPU per request only, and that with care")


def print_table(table):
    print(f"\n{table.title}")
    print_cells([table.columns, *table.rows])
    noisy = noise(table)
    if noisy:
        print(f"WARNING: others used the peer's core during {', '.join(noisy)}: measure again")
    for failure in table.failures:
        print(f"FAILED: {failure}")
    print_cells([ratio.cells() for ratio in table.ratios], indent="  ")


def noise(table):
    """The peers whose core others used while they were measured."""
    best = table.raw.get("best", {}) if isinstance(table.raw, dict) else {}
    return [name for name, run in best.items() if run["others_busy"] > NOISE_LIMIT]


def print_cells(rows, indent=""):
    widths = [max(len(str(cell)) for cell in column) for column in zip(*rows)]
    for row in rows:
        cells = [f"{cell!s:<{width}}" if index == 0 else f"{cell!s:>{width}}"
                 for index, (cell, width) in enumerate(zip(row, widths))]
        print(indent + "  ".join(cells).rstrip())


def budgets(tables):
    """Each ratio that has a budget."""
    return [ratio for table in tables for ratio in table.ratios if ratio.limit is not None]


def print_budgets(tables):
    print("\nBudgets")
    print_cells([ratio.cells() for ratio in budgets(tables)])


def markdown(facts, tables, failures=()):
    lines = ["# Measured by benches/peers/run.py", ""]
    lines += [f"- {name}: {fact}" for name, fact in facts.items()]
    lines += [f"- FAILED: {failure}" for failure in failures]
    if budgets(tables):
        rows = [ratio.cells() for ratio in budgets(tables)]
        lines += ["", "## Budgets", "", *grid(["", "measured", "budget", ""], rows)]
    for table in tables:
        lines += ["", f"## {table.title}", "", *grid(table.columns, table.rows)]
        unbound = [ratio.cells()[:2] for ratio in table.ratios]
        if unbound:
            lines += ["", *grid(["", "ratio"], unbound)]
        lines += [f"\nOthers used the peer's core during {name}: measure again."
                  for name in noise(table)]
    return "\n".join(lines) + "\n"


def grid(columns, rows):
    return [f"| {' | '.join(map(str, row))} |" for row in (columns, ["---"] * len(columns), *rows)]
