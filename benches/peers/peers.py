"""The peers: how each is started at its best, and how its answer shows that it was a hit."""

import dataclasses
import os
import pathlib
import re
import resource
import shutil
import subprocess
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent


@dataclasses.dataclass
class Setting:
    """What a peer needs to know to be started."""

    args: object
    size: int = 1024
    keys: int = 1
    connections: int = 64
    application: bool = False  # asked for as a browser asks for an application of Next.js
    admin: bool = False
    capacity: str = ""  # of the cache, where it is to be full
    directory: str = ""
    port: int = 0
    admin_port: int = 0
    origin_port: int = 0


class Peer:
    name = ""
    passes = True  # has an origin to pass requests to
    stores = True

    def missing(self, args):
        """Why this peer cannot run here, or None."""

    def version(self, args):
        return ""

    def variant(self, size, args):
        """A word on how it is configured for this size, where that varies."""
        return ""

    def command(self, setting):
        """(argv, environment or None for the inherited one)"""
        raise NotImplementedError

    def found(self, headers):
        """What the answer says of itself: "hit" (fresh), "stale" or "miss"."""
        raise NotImplementedError


class Nginx(Peer):
    name = "nginx"
    access_log = "off"
    gzip = "off"
    accept_encoding = "$http_accept_encoding"
    SENDING = {
        "read": {"SENDFILE": "off", "NOPUSH": "off"},
        "sendfile": {"SENDFILE": "on", "NOPUSH": "off"},
        "nopush": {"SENDFILE": "on", "NOPUSH": "on"},
    }

    def variant(self, size, args):
        """No way of sending is best at every size; nginx gets the best one for each."""
        if args.nginx_sends != "auto":
            return args.nginx_sends
        return "read" if size <= 8 * 1024 else "nopush" if size <= 32 * 1024 else "sendfile"

    def missing(self, args):
        return not_installed("nginx")

    def version(self, args):
        return said(["nginx", "-v"])

    def command(self, setting):
        nofile = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        files = min(setting.keys + 1000, nofile - 4 * setting.connections - 1000)
        config = fill("nginx.conf.in", setting, {
            "USER": "user root;" if os.getuid() == 0 else "",
            "NOFILE": nofile,
            "ACCESS_LOG": self.access_log,
            "OPEN_FILES": max(files, 100),
            # 1 MB of zone holds 8,000 keys; twice that.
            "ZONE_MB": 16 + setting.keys // 4000,
            "GZIP": self.gzip,
            **(self.APPLICATION if setting.application else self.plain()),
            **self.SENDING[self.variant(setting.size, setting.args)],
        })
        return ["nginx", "-c", config, "-p", setting.directory, "-e", "stderr"], None

    def plain(self):
        return {"CACHE_KEY": "$host$request_uri", "IGNORE": "",
                "ACCEPT_ENCODING": self.accept_encoding}

    # All of Vary is in the key, but for what does not change a prerendered page.
    APPLICATION = {
        "CACHE_KEY": '"$host$request_uri $rsc $http_next_router_prefetch '
                     '$http_next_router_segment_prefetch $coding $webp"',
        "IGNORE": "proxy_ignore_headers Vary;",
        "ACCEPT_ENCODING": "$coding",
    }

    def found(self, headers):
        said = headers.get("X-Cache")
        return "hit" if said == "HIT" else "stale" if said in ("STALE", "UPDATING") else "miss"


class NginxLogged(Nginx):
    name = "nginx, access log on"
    access_log = "/dev/null combined buffer=64k flush=1s"


class NginxCompressing(Nginx):
    """Asks for the plain answer and compresses each time, at its own level, 1."""

    name = "nginx, gzip each time"
    gzip = "on"
    accept_encoding = '""'


class NginxCompressed(Nginx):
    name = "nginx, the origin's gzip"


class Varnish(Peer):
    name = "varnish"

    def missing(self, args):
        return not_installed("varnishd")

    def version(self, args):
        return said(["varnishd", "-V"])

    def command(self, setting):
        gigabytes = 1 + 2 * setting.keys * (setting.size + 2048) // 2**30
        # The log to memory cannot be turned off, only emptied.
        tags = re.findall(r"^(\w+)\n-+$", said(["varnishd", "-x", "vsl"], all_lines=True), re.M)
        parameters = {
            "thread_pools": 1,
            "thread_pool_min": max(100, setting.connections + 36),
            "thread_pool_max": max(1000, setting.connections + 36),
            "vsl_mask": ",".join("-" + tag for tag in tags),
            "timeout_idle": 3600,
        }
        application = ""
        if setting.application:
            application = (HERE / "varnish-next.vcl").read_text()
        argv = ["varnishd", "-F", "-j", "none", "-n", f"{setting.directory}/varnish",
                "-T", "none", "-a", f"127.0.0.1:{setting.port}", "-s", f"malloc,{gigabytes}G",
                "-f", fill("varnish.vcl.in", setting, {"APPLICATION": application})]
        for name, value in parameters.items():
            argv += ["-p", f"{name}={value}"]
        return argv, None

    def found(self, headers):
        # Its own transaction and the one that fetched the object.
        if len(headers.get("X-Varnish", "").split()) != 2:
            return "miss"
        fresh = re.search(r"s-maxage=(\d+)", headers.get("Cache-Control", ""))
        return "stale" if fresh and int(headers.get("Age", 0)) > int(fresh[1]) else "hit"


class BareHyper(Peer):
    name = "bare hyper"
    passes = False

    def version(self, args):
        packages = tomllib.loads((HERE / "rig/Cargo.lock").read_text())["package"]
        crates = [f"{package['name']} {package['version']}" for package in packages
                  if package["name"] in ("hyper", "moka", "tokio")]
        return ", ".join(crates) + "; one current_thread runtime, the system's allocator"

    def command(self, setting):
        return [rig("bare-hyper"), f"127.0.0.1:{setting.port}", setting.size,
                setting.keys], None

    def found(self, headers):
        return "hit" if headers.get("X-Cache") == "HIT" else "miss"


class BareProxy(BareHyper):
    name = "bare hyper on both sides"
    passes, stores = True, False

    def command(self, setting):
        return [rig("bare-proxy"), f"127.0.0.1:{setting.port}",
                f"127.0.0.1:{setting.origin_port}"], None

    def found(self, headers):
        return "miss"


class Selvedge(Peer):
    name = "selvedge"
    environment = {}

    def missing(self, args):
        return None if os.access(args.selvedge, os.X_OK) else f"no binary at {args.selvedge}"

    def version(self, args):
        return said([args.selvedge, "--version"])

    def command(self, setting):
        inherited = {name: value for name, value in os.environ.items()
                     if name != "PORT" and not name.startswith("SELVEDGE_")}
        chosen = dict(pair.split("=", 1) for pair in setting.args.selvedge_env)
        argv = [setting.args.selvedge, "--listen", f"127.0.0.1:{setting.port}",
                "--origin", f"http://127.0.0.1:{setting.origin_port}",
                "--admin", f"127.0.0.1:{setting.admin_port}" if setting.admin else "off"]
        # As it comes, but for traces that it would leave behind.
        ours = {"SELVEDGE_VAULT_DIR": f"{setting.directory}/vault"}
        if setting.capacity:
            ours["SELVEDGE_CACHE_CAPACITY"] = setting.capacity
        return argv, inherited | ours | self.environment | chosen

    def found(self, headers):
        status = headers.get("Cache-Status", "")
        return "miss" if "; hit" not in status else "stale" if "; ttl=-" in status else "hit"


class SelvedgeUnlogged(Selvedge):
    name = "selvedge, access log off"
    environment = {"SELVEDGE_LOG_ACCESS": "off"}


# By the word that --peers takes.
PEERS = {
    "nginx": [Nginx(), NginxLogged()],
    "varnish": [Varnish()],
    "bare": [BareHyper(), BareProxy()],
    "selvedge": [Selvedge(), SelvedgeUnlogged()],
}

# The words for a comparison of codings alone.
COMPRESSING = [NginxCompressing(), NginxCompressed()]
# One row for each product.
ONE_EACH = {word: peers[0] for word, peers in PEERS.items()}


def fill(template, setting, values):
    """Writes the template with its @NAMES@ replaced, and returns the path."""
    values = {"DIR": setting.directory, "PORT": setting.port,
              "ORIGIN_PORT": setting.origin_port, **values}
    text = (HERE / template).read_text()
    text = re.sub(r"@([A-Z_]+)@", lambda found: str(values.get(found[1], found[0])), text)
    path = pathlib.Path(setting.directory) / template.removesuffix(".in")
    path.write_text(text)
    return path


def rig(binary):
    target = os.environ.get("CARGO_TARGET_DIR") or HERE / "rig/target"
    return pathlib.Path(target).resolve() / "release" / binary


def not_installed(program):
    return None if shutil.which(program) else f"{program} is not installed"


def said(argv, all_lines=False):
    """What a program prints about itself, on either stream."""
    done = subprocess.run(argv, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL)
    return done.stdout if all_lines else (done.stdout.strip().splitlines() or ["?"])[0]
