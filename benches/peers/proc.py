"""Processes: started on one core, metered as a tree, ended whatever happens."""

import ctypes
import os
import random
import signal
import socket
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
PR_SET_PDEATHSIG = 1


class Failure(Exception):
    """The benchmark did not measure what it says it measures."""


class Process:
    """A child on one core, with whatever it starts in its turn."""

    def __init__(self, name, core, argv, log, env=None):
        self.name, self.log = name, log
        libc = ctypes.CDLL(None)
        with open(log, "wb") as stderr:
            self.child = subprocess.Popen(
                ["taskset", "-c", str(core), *map(str, argv)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr, env=env,
                start_new_session=True,
                # Even a killed run.py leaves nothing behind.
                preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM))

    def wait_for_port(self, port, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.child.poll() is not None:
                raise Failure(f"{self.name} ended with {self.child.returncode}:\n{self.tail()}")
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise Failure(f"{self.name} does not listen on {port}:\n{self.tail()}")

    def tail(self):
        with open(self.log, errors="replace") as log:
            return "".join(log.readlines()[-15:])

    def cpu_seconds(self):
        """User and system time of the tree, children that have ended included."""
        ticks = 0
        for pid in tree(self.child.pid):
            fields = stat(pid)
            if fields:
                ticks += sum(int(field) for field in fields[11:15])  # utime stime cutime cstime
        return ticks / TICKS

    def rss_bytes(self):
        pages = 0
        for pid in tree(self.child.pid):
            fields = stat(pid)
            if fields:
                pages += int(fields[21])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def stop(self):
        if self.child.poll() is not None:
            return
        pids = tree(self.child.pid)
        self.child.terminate()
        try:
            self.child.wait(5)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        for pid in pids[1:]:
            # A grandchild gets as long as its parent's end; one with another session is not ours.
            if stat(pid) and stat(pid)[0] != "Z":
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass


def stat(pid):
    """The fields of /proc/PID/stat from the third (state) on; None when it has ended."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


def tree(root):
    """`root` and all its descendants, parents first."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (fields := stat(name)):
            children.setdefault(int(fields[1]), []).append(int(name))
    pids = [root]
    for pid in pids:
        pids += children.get(pid, [])
    return pids


def core_busy_seconds(core):
    """All that the core did since boot, idle time apart; stolen time counts as done."""
    with open("/proc/stat") as file:
        for line in file:
            name, *ticks = line.split()
            if name == f"cpu{core}":
                user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, ticks[:8])
                return (user + nice + system + irq + softirq + steal) / TICKS
    raise Failure(f"there is no core {core}")


def free_port():
    """A port below the ephemeral range, which a connection of someone else's cannot take."""
    while True:
        port = random.randrange(20000, 30000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
