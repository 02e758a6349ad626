"""An origin with a peer before it, both running, and what can be asked of them."""

import contextlib
import http.client
import json
import os
import tempfile
import time

import load
from peers import rig
from proc import Failure, Process, free_port

SETTLED = 0.02  # of a core


class Stage(contextlib.ExitStack):
    def __init__(self, peer, setting):
        super().__init__()
        self.peer, self.setting, self.args = peer, setting, setting.args

    def __enter__(self):
        super().__enter__()
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def start(self):
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        setting = self.setting
        setting.directory = self.enter_context(
            tempfile.TemporaryDirectory(prefix="selvedge-peers-", dir=memory))
        setting.port, setting.origin_port, setting.admin_port = (free_port() for _ in range(3))
        self.origin = self.process("origin", self.args.load_core,
                                   [rig("origin"), f"127.0.0.1:{setting.origin_port}"])
        self.origin.wait_for_port(setting.origin_port)
        argv, env = self.peer.command(setting)
        self.server = self.process(self.peer.name, self.args.server_core, argv, env)
        self.server.wait_for_port(setting.port)
        self.rss_at_start = self.server.rss_bytes()

    def process(self, name, core, argv, env=None):
        process = Process(name, core, argv, f"{self.setting.directory}/{name}.log", env)
        self.callback(process.stop)
        return process

    @property
    def address(self):
        return f"127.0.0.1:{self.setting.port}"

    @property
    def origin_address(self):
        return f"127.0.0.1:{self.setting.origin_port}"

    def connection(self):
        return contextlib.closing(http.client.HTTPConnection(self.address, timeout=10))

    def source(self):
        return contextlib.closing(http.client.HTTPConnection(self.origin_address, timeout=10))

    def file(self, name, asks):
        """The asks as a file of lines, for whichever client."""
        path = f"{self.setting.directory}/{name}"
        with open(path, "w") as file:
            file.writelines(f"{ask.line()}\n" for ask in asks)
        return path

    def fill(self, asks, connections=32):
        """Asks for each of them once."""
        return load.run(self.args, "fill", self.address, self.file("fill", asks), connections)

    def counts(self):
        with self.source() as source:
            return json.loads(get(source, "/__count")[2])

    def asked_since(self, before):
        now = self.counts()
        asked = {name: now[name] - before[name] for name in now}
        asked["connections"] -= 1  # our own, to ask for the count
        return asked

    def settle(self, most=40):
        """Waits until the peer has done what it does for itself, codings for example."""
        end = time.monotonic() + most
        while time.monotonic() < end:
            before = self.server.cpu_seconds()
            time.sleep(0.5)
            if self.server.cpu_seconds() - before <= SETTLED * 0.5:
                return


def get(connection, path, headers=()):
    """With these headers and no others: wrk sends a Host with its port, and so does this."""
    try:
        connection.putrequest("GET", path, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    except (OSError, http.client.HTTPException) as error:
        raise Failure(f"{path} was not answered: {error!r}") from error
