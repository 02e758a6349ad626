"""How soon a peer listens, and what it holds while nobody asks."""

import socket
import statistics
import time

from matrix import one_each
from peers import Setting
from report import Ratio, Table
from stage import Stage

LISTENING_LIMIT = 50  # ms
IDLE_LIMIT = 15  # MB


def start(args):
    rows, ratios, raw = [], [], {}
    for peer in one_each(args, passes=True):
        times = []
        for _ in range(args.starts):
            with Timed(peer, Setting(args)) as stage:
                times.append(1000 * stage.listened_after)
                time.sleep(1)
                idle = stage.server.rss_bytes() / 1e6
        median = statistics.median(times)
        raw[peer.name] = {"listening_ms": times, "idle_mb": idle}
        rows.append([peer.name, f"{median:.1f}", " ".join(f"{each:.1f}" for each in times),
                     f"{idle:.1f}"])
        if peer.name == "selvedge":
            ratios = [Ratio("start: listening after", median, LISTENING_LIMIT, "ms"),
                      Ratio("start: idle RSS", idle, IDLE_LIMIT, "MB")]
    columns = ["", "listening after ms", "each time", "idle RSS MB"]
    yield Table("start, until the first connection is accepted (median)", columns, rows, ratios,
                raw=raw)


class Timed(Stage):
    def process(self, name, core, argv, env=None):
        begun = time.monotonic()
        process = super().process(name, core, argv, env)
        if name == self.peer.name:
            while True:
                try:
                    socket.create_connection(("127.0.0.1", self.setting.port), 1).close()
                    break
                except OSError:
                    # Also so that a peer that fails is told of by whoever waits for its port.
                    if time.monotonic() - begun > 5:
                        break
                    time.sleep(0.0005)
            self.listened_after = time.monotonic() - begun
        return process
