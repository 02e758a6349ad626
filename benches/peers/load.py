"""Clients: wrk for as much as a peer can take, the rig's programs for all else."""

import json
import subprocess

from peers import HERE, rig
from proc import Failure


def wrk(stage, file, connections, seconds):
    argv = ["taskset", "-c", str(stage.args.load_core), "wrk", "-t1", f"-c{connections}",
            f"-d{seconds}s", "--latency", "-s", HERE / "wrk.lua", f"http://{stage.address}/",
            "--", file]
    done = subprocess.run(argv, text=True, capture_output=True)
    for line in done.stdout.splitlines():
        if line.startswith("JSON "):
            return json.loads(line.removeprefix("JSON "))
    raise Failure(f"wrk said:\n{done.stdout}{done.stderr}")


def start(args, program, *words, first=False):
    """`first`: before all others on its core, so that it measures the peer and not its neighbours."""
    priority = ["chrt", "-f", "10"] if first and may_be_first() else []
    argv = ["taskset", "-c", args.load_core, *priority, rig(program), *words]
    return subprocess.Popen([str(word) for word in argv], text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


def finish(process):
    """The JSON that it prints at its end."""
    out, error = process.communicate()
    if process.returncode:
        raise Failure(f"{process.args[-6:]} ended with {process.returncode}:\n{error[-2000:]}")
    return json.loads(out.splitlines()[-1])


def run(args, program, *words, first=False):
    return finish(start(args, program, *words, first=first))


def may_be_first():
    return subprocess.run(["chrt", "-f", "10", "true"], capture_output=True).returncode == 0
