"""What is printed: the machine, a row for each peer, and the ratios that the budgets speak of."""

import os
import platform
import tomllib

from peers import HERE, PEERS, REPOSITORY, said

# The goals: (passthrough, size, peer) -> at most this many times its CPU.
BUDGETS = {
    (False, 1024, "nginx"): 0.65,
    (False, 1024, "varnish"): 0.5,
    (False, 1024, "bare hyper"): 1.15,
    (False, 16 * 1024, "nginx"): 0.85,
    (False, 128 * 1024, "bare hyper"): 1.05,
    (True, 1024, "nginx"): 1.0,
}
LOAD_LIMIT = 1.5
NOISE_LIMIT = 0.05  # of the peer's core, used by anyone else


def machine(args):
    with open("/proc/cpuinfo") as file:
        models = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    facts = {
        "cpu": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "load_average": round(os.getloadavg()[0], 2),
        "rustc": said(["rustc", "--version"]),
        "wrk": said(["wrk", "-v"]),
        "profile of the rig": profile(HERE / "rig/Cargo.toml"),
        "profile of selvedge": profile(REPOSITORY / "Cargo.toml"),
        "arguments": {name: value if isinstance(value, (int, list)) else str(value)
                      for name, value in vars(args).items()},
    }
    for peer in (PEERS[word][0] for word in args.peers):
        facts[peer.name] = peer.missing(args) or peer.version(args)
    return facts


def profile(manifest):
    """The release profile as the manifest changes it; cargo's default for the rest."""
    changed = tomllib.loads(manifest.read_text()).get("profile", {}).get("release", {})
    words = [f"{name} = {value!r}" for name, value in changed.items()]
    return "cargo's release" + ("" if not words else ", " + ", ".join(words))


def print_machine(facts):
    for name, fact in facts.items():
        if name != "arguments":
            print(f"{name + ':':<21}{fact}")
    args = facts["arguments"]
    print(f"{'peer on core:':<21}{args['server_core']}, wrk and the origin on core "
          f"{args['load_core']}")
    if facts["load_average"] > LOAD_LIMIT:
        print(f"WARNING: load average {facts['load_average']} at start: someone else is at work "
              "here, believe CPU per request only, and that with care")


def table(size, runs, args):
    """The runs of one size, the best of each peer picked, and Selvedge's ratios."""
    best = {name: min(repeats, key=lambda run: run["cpu_us"]) for name, repeats in runs.items()}
    ratios = [
        {"of": ours, "to": peer, "ratio": best[ours]["cpu_us"] / best[peer]["cpu_us"],
         "budget": BUDGETS.get((args.passthrough, size, peer))}
        for ours in best if ours.startswith("selvedge")
        for peer in best if not peer.startswith("selvedge")
    ]
    return {"mode": "passthrough" if args.passthrough else "hit", "size": size,
            "keys": args.keys, "connections": args.connections, "seconds": args.duration,
            "best": best, "repeats": runs, "ratios": ratios}


def print_table(table):
    many = "1 key" if table["keys"] == 1 else f"{table['keys']} keys"
    print(f"\n{table['mode']}, {table['size']} bytes, {many}, {table['connections']} connections, "
          f"{table['seconds']} s")
    print(f"{'':26}{'CPU us/request':>15} {'repeats':<16}{'requests/s':>11}{'p50 us':>8}"
          f"{'p99 us':>8}{'RSS MB':>8}{'busy':>6}{'others':>8}")
    passes = table["mode"] == "passthrough"
    for name, run in table["best"].items():
        repeats = " ".join(f"{repeat['cpu_us']:.2f}" for repeat in table["repeats"][name])
        label = f"{name} ({run['variant']})" if run["variant"] else name
        print(f"{label:26}{run['cpu_us']:>15.2f} {'(' + repeats + ')':<16}"
              f"{run['requests_per_s']:>11.0f}{run['p50_us']:>8}{run['p99_us']:>8}"
              f"{run['rss_bytes'] / 1e6:>8.1f}{run['core_busy']:>6.0%}{run['others_busy']:>8.1%}"
              + (f"  {run['origin']['connections']} new connections to the origin"
                 if passes else ""))
    noisy = [name for name, run in table["best"].items() if run["others_busy"] > NOISE_LIMIT]
    if noisy:
        print(f"WARNING: others used the peer's core during {', '.join(noisy)}: measure again")
    if not table["ratios"]:
        print("no ratios: they need Selvedge and a peer")
    for ratio in table["ratios"]:
        budget = ""
        if ratio["budget"]:
            verdict = "met" if ratio["ratio"] <= ratio["budget"] else "MISSED"
            budget = f"  budget {ratio['budget']:.2f}: {verdict}"
        print(f"{ratio['of'] + ' / ' + ratio['to']:48}{ratio['ratio']:.2f}{budget}")
