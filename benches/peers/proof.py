"""That answers are right: status, bytes, coding, and whether they came from the store."""

import dataclasses
import gzip
import subprocess
import time

from peers import rig
from proc import Failure
from stage import get


@dataclasses.dataclass(frozen=True)
class Ask:
    """A request, and the coding that its answer must be in."""

    path: str
    headers: tuple = ()
    coding: str = ""  # several with a bar between: whichever a peer has

    def line(self):
        return "\t".join([self.path, *(f"{name}: {value}" for name, value in self.headers)])

    def without(self, *names):
        kept = tuple(pair for pair in self.headers if pair[0].lower() not in names)
        return dataclasses.replace(self, headers=kept)

    def unconditional(self):
        return self.without("if-none-match")

    def plain(self):
        """What the bytes are compared with."""
        return self.without("if-none-match", "accept-encoding")


def check(stage, scenario, most=300):
    """Asks for some of it (all, if they are few), and compares with what the origin itself says."""
    step = -(-len(scenario.asks) // most)
    with stage.connection() as edge, stage.source() as source:
        for ask in scenario.asks[::step]:
            answer = until_stored(stage, scenario, edge, ask)
            compare(stage, scenario, ask, answer, source)


def until_stored(stage, scenario, edge, ask):
    for _ in range(100):
        status, headers, body = get(edge, ask.path, ask.headers)
        coded = not ask.coding or headers.get("Content-Encoding", "") in ask.coding.split("|")
        found = stage.peer.found(headers)
        if scenario.result == "pass" or (found != "miss" and coded):
            break
        time.sleep(0.02)  # it may store, and code, after it has answered
    return status, headers, body


def compare(stage, scenario, ask, answer, source):
    status, headers, body = answer
    where = f"{stage.peer.name}, {ask.line()!r}"
    found = stage.peer.found(headers)
    wanted = {"pass": ("miss",), "stale": ("hit", "stale")}.get(scenario.result, ("hit",))
    if found not in wanted:
        raise Failure(f"{where}: a {found}, not {' or '.join(wanted)}, it says:\n{headers}")
    if scenario.result == "304":
        if status != 304 or body:
            raise Failure(f"{where}: {status} with {len(body)} bytes, not 304")
        return
    coding = headers.get("Content-Encoding", "")
    if ask.coding and coding not in ask.coding.split("|") or coding and not ask.coding:
        raise Failure(f"{where}: Content-Encoding {coding!r}, not {ask.coding!r}")
    # The same bytes, and no wait for a renewal.
    path = ask.path.removeprefix("/stale")
    want_status, _, want = get(source, path, ask.plain().headers)
    if (status, want_status) != (200, 200):
        raise Failure(f"{where}: status {status}, from the origin {want_status}")
    if decoded(body, coding) != want:
        raise Failure(f"{where}: {len(body)} bytes, which are not the origin's {len(want)}")


def decoded(body, coding):
    if coding == "gzip":
        return gzip.decompress(body)
    if not coding:
        return body
    done = subprocess.run([rig("decode"), coding], input=body, capture_output=True)
    if done.returncode:
        raise Failure(f"not {coding}: {done.stderr.decode()}")
    return done.stdout
