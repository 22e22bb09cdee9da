"""Where an engine keeps its things: the machine's own, or a private second one beside it; and what dead ones leave behind."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tareweight.engine.install import Say, find
from tareweight.errors import EngineError
from tareweight.process import CommandFailed, run

_DEFAULT_BRIDGE = Path("/sys/class/net/docker0")

PROC = Path("/proc")


@dataclass(frozen=True)
class Layout:
    """Where an engine keeps its things.

    `data_root` None is the machine's own engine, whose places are dockerd's defaults and daemon.json. `bridge` is a network
    of that name with the address `subnet` (10.200.3.1/24), made at the start and removed at the stop; a private engine
    without one builds with `--network=host`.
    """

    socket: Path = Path("/var/run/docker.sock")
    pidfile: Path = Path("/var/run/docker.pid")
    data_root: Path | None = None
    exec_root: Path = Path("/var/run/docker")
    extra: tuple[str, ...] = ()
    bridge: str = ""
    subnet: str = ""
    system_containerd: Path = Path("/run/containerd/containerd.sock")

    @property
    def host(self) -> str:
        """What DOCKER_HOST has to be to reach it."""
        return f"unix://{self.socket}"

    @property
    def build_network(self) -> str:
        """The `--network` that builds on it need: "host" where it has no bridge of its own."""
        return "default" if self.data_root is None or self.bridge else "host"

    def command(self, dockerd: str) -> list[str]:
        """The argv. The machine's own engine gets no flags: dockerd refuses a setting that daemon.json has too."""
        if self.data_root is None:
            return [dockerd, *self.extra]
        places = ["-H", self.host, "--pidfile", self.pidfile, "--data-root", self.data_root, "--exec-root", self.exec_root]
        return [dockerd, *map(str, places), *self.extra, f"--bridge={self.bridge or 'none'}"]


MACHINE = Layout()


def private(root: Path, *, config: dict[str, Any] | None = None) -> Layout:
    """The layout of a second engine with its data under `root` and `config` as its daemon.json, for tests.

    Its sockets lie in a short folder under /run, since Unix socket paths end at 107 characters. It leaves the machine's
    packet filter to the first engine: it would empty the first one's chains. Its own bridge gets three rules instead.
    """
    root.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(str(root.resolve()).encode()).digest()
    file = root / "daemon.json"
    file.write_text(json.dumps(config or {}), encoding="utf-8")
    tag = digest.hex()[:8]
    short = Path("/run") / f"tw-{tag}"
    bridged = os.geteuid() == 0 and find("ip") is not None and find("iptables") is not None
    own = ("--config-file", str(file), "--iptables=false", "--ip6tables=false", "--ip-masq=false")
    # Where a system-wide containerd runs, dockerd uses that one: the two engines' containers must not meet in it.
    names = (f"--containerd-namespace=tw-{tag}", f"--containerd-plugins-namespace=tw-{tag}-plugins")
    return Layout(
        socket=short / "docker.sock",
        pidfile=short / "docker.pid",
        data_root=root / "data",
        exec_root=short / "exec",
        extra=(*own, *names),
        bridge=f"tw{tag}" if bridged else "",
        subnet=f"10.{200 + digest[0] % 50}.{digest[1]}.1/24" if bridged else "",
    )


def prepare(layout: Layout) -> None:
    """Make a private engine's folders, its bridge and the bridge's way out."""
    if layout.data_root is None:
        return
    layout.socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    layout.data_root.mkdir(parents=True, exist_ok=True)
    if not layout.bridge and _DEFAULT_BRIDGE.exists():
        # dockerd removes the default bridge when it starts without one of its own: the first engine's.
        raise EngineError("a second engine beside one that runs needs a bridge of its own", hint="Install iproute2 and iptables, and be root")
    if not layout.bridge or Path("/sys/class/net", layout.bridge).exists():
        return
    try:
        run(["ip", "link", "add", layout.bridge, "type", "bridge"], timeout=20)
        run(["ip", "addr", "add", layout.subnet, "dev", layout.bridge], timeout=20)
        run(["ip", "link", "set", layout.bridge, "up"], timeout=20)
        for rule in _rules(layout):
            run(["iptables", "-w", *(word if word != "+" else "-I" for word in rule)], timeout=20)
    except CommandFailed as error:
        remove(layout)
        raise EngineError(f"no network for a second engine: {error}") from error


def _rules(layout: Layout) -> list[list[str]]:
    """iptables rules for the bridge, with "+" where insert or delete goes."""
    note = ["-m", "comment", "--comment", layout.bridge]
    return [
        ["-t", "nat", "+", "POSTROUTING", "-s", layout.subnet, "!", "-o", layout.bridge, *note, "-j", "MASQUERADE"],
        ["+", "FORWARD", "-i", layout.bridge, *note, "-j", "ACCEPT"],
        ["+", "FORWARD", "-o", layout.bridge, *note, "-j", "ACCEPT"],
    ]


def remove(layout: Layout) -> None:
    """Undo `prepare`, and what a killed private engine left: its containerd, its mounts. Its data stays with the caller.

    Never while it lives: then, and for the machine's own engine, nothing happens.
    """
    if layout.data_root is None or living(layout.pidfile, "dockerd") is not None:
        return
    orphan = living(layout.exec_root / "containerd/containerd.pid", "containerd")
    if orphan is not None:
        os.kill(orphan, signal.SIGKILL)
    inside = (f"{layout.exec_root}/", f"{layout.data_root}/")
    own = str(layout.data_root)  # dockerd mounts it onto itself
    mounts = [line.split()[4] for line in (PROC / "self/mountinfo").read_text(encoding="utf-8").splitlines()]
    for mount in reversed([mount for mount in mounts if mount.startswith(inside) or mount == own]):
        run(["umount", "-l", mount], timeout=20, check=False)
    shutil.rmtree(layout.socket.parent, ignore_errors=True)
    if layout.bridge:
        for rule in _rules(layout):
            run(["iptables", "-w", *(word if word != "+" else "-D" for word in rule)], timeout=20, check=False)
        run(["ip", "link", "del", layout.bridge], timeout=20, check=False)


def clear_stale(layout: Layout, say: Say) -> int | None:
    """Remove what an engine that died left behind and a new one would stumble over; the process of one that lives.

    dockerd and containerd take any living process under the recorded number for themselves, so a number that another
    process has been given since stops them from starting.
    """
    pid = living(layout.pidfile, "dockerd")
    if pid is not None:
        return pid
    supervised = layout.exec_root / "containerd"
    gone = [layout.pidfile]
    if living(supervised / "containerd.pid", "containerd") is None:
        gone += [supervised / "containerd.pid", supervised / "containerd.sock", supervised / "containerd.sock.ttrpc"]
    gone += [path for path in (layout.socket, layout.system_containerd) if _dead_socket(path)]
    for path in gone:
        if path.exists() or path.is_symlink():
            say(f"Removing {path}, left by an engine that is gone")
            path.unlink()
    if layout.socket.is_dir():
        # `docker run -v /var/run/docker.sock:...` without an engine's socket makes an empty directory of that name.
        with contextlib.suppress(OSError):
            layout.socket.rmdir()
    return None


def _dead_socket(path: Path) -> bool:
    if not path.is_socket():
        return False
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(2)
            line.connect(str(path))
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False


def process(pid: int, proc: Path | None = None) -> tuple[str, int] | None:
    """A living process's name and start time (clock ticks since boot, field 22 of its stat); None for a dead one or a zombie."""
    with contextlib.suppress(ChildProcessError):
        # Ours when this process has spawned it: a child that ended stays a zombie until somebody asks.
        os.waitpid(pid, os.WNOHANG)
    try:
        text = ((proc or PROC) / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name stands in parentheses and may hold spaces and parentheses itself.
    name = text[text.index("(") + 1 : text.rindex(")")]
    fields = text[text.rindex(")") + 2 :].split()
    return None if fields[0] in {"Z", "X"} else (name, int(fields[19]))


def identity(pid: int) -> dict[str, Any]:
    """What tells this process from every other one, earlier and later; empty when it is dead."""
    found = process(pid)
    if found is None:
        return {}
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        boot = ""
    return {"pid": pid, "start": found[1], "boot": boot}


def living(pidfile: Path, name: str, proc: Path | None = None) -> int | None:
    """The process that `pidfile` names, if it lives, is called `name`, and has that file as its own."""
    try:
        pid = int(pidfile.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    found = process(pid, proc) if pid > 0 else None
    if found is None or found[0] != name:
        return None
    try:
        words = ((proc or PROC) / str(pid) / "cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
    except OSError:
        return None
    # Another engine may have been given the number of one that died.
    for flag, value in zip([*words, ""], [*words[1:], "", ""], strict=True):
        theirs = value if flag in {"--pidfile", "-p"} else flag.removeprefix("--pidfile=") if flag.startswith("--pidfile=") else ""
        if name == "dockerd" and theirs and os.path.realpath(theirs) != os.path.realpath(pidfile):
            return None
    return pid


def read_json(path: Path) -> dict[str, Any]:
    """The file's JSON object; empty where there is none or it is damaged."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
