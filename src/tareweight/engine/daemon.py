"""Starting and stopping the Docker Engine of this machine, and using one that answers already.

An engine is stopped only when `started.json` names it: process id, start time and boot, so that a number which another
process has since been given never counts. A `Layout` says where an engine keeps its things, which lets a second, private
one run beside the machine's own.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tareweight.engine.endpoint import JOIN_GROUP, Endpoint, answers, ask, endpoint, version_at
from tareweight.engine.install import ENGINE_NEEDED, Say, find, how_to_install, install, missing_client, missing_programs, version_in
from tareweight.engine.layout import MACHINE, Layout, clear_stale, identity, living, prepare, private, process, read_json, remove
from tareweight.errors import EngineError
from tareweight.process import CommandFailed, run

__all__ = ["MACHINE", "Layout", "answers", "endpoint", "private", "recorded", "start", "stop", "up"]

START_LIMIT = 30.0
"""Seconds that an engine has from its start to its first answer."""
STOP_LIMIT = 40.0
"""Seconds that it has to end: it gives each container 10-15 s itself."""

_HINTS = {
    r"no space left": "Free some disk space",
    r"iptables|nftables": "Install iptables, or run where the kernel lets root change its rules",
    r"[Dd]evices cgroup|cgroup.*mounted|cgroups": "Mount the cgroup file systems (a container needs --privileged for an engine inside it)",
    r"[Oo]peration not permitted|[Pp]ermission denied": "This looks like a container without --privileged: give it the host's socket instead",
    r"daemon\.json|configuration file": "Mend /etc/docker/daemon.json",
    r"containerd.*(timeout|timed out|deadline|refused)|(timeout|dial).*containerd": "See whether containerd runs, and stop it if it does",
}


def up(tare: Path, say: Say) -> None:
    """Leave behind an engine that answers and is new enough, with a client and buildx: use, start or install."""
    where = endpoint()
    version = _version_or_denied(where)
    if version is None and not where.ours:
        raise EngineError(
            f"the engine at {where} doesn't answer",
            hint="Start it there; or unset DOCKER_HOST and run `docker context use default` to use this machine's own",
        )
    if version is None:
        if missing_programs():
            install(say)
        start(tare, say)
    elif (version_in(version) or (0, 0)) < ENGINE_NEEDED:
        _upgrade(where, version, tare, say)
    if missing_client():
        install(say, client_only=True)
    version = _version_or_denied(where)
    if version is None:
        raise EngineError(f"the engine at {where} stopped answering", hint="See its log")
    say(f"Docker Engine {version} answers at {where}")


def _version_or_denied(where: Endpoint) -> str | None:
    try:
        return version_at(where)
    except PermissionError as error:
        raise EngineError(f"no permission on the Docker socket {where}", hint=JOIN_GROUP) from error


def _upgrade(where: Endpoint, version: str, tare: Path, say: Say) -> None:
    old = f"Docker Engine {version} at {where} is too old ({ENGINE_NEEDED[0]} or later is needed)"
    by_hand = how_to_install() if where.ours else "Upgrade it where it runs"
    if by_hand is not None:
        raise EngineError(old, hint=by_hand)
    _refuse_if_used(old)
    if missing_programs():
        install(say)
    if (version_in(version_at(where) or "") or (0, 0)) >= ENGINE_NEEDED:
        return
    _refuse_if_used(old)
    say(f"Restarting the engine, which is still {version}")
    if systemd():
        _systemctl("restart", "docker.service")
        return
    pid = living(MACHINE.pidfile, "dockerd")
    if pid is None:
        raise EngineError(f"{old}, and {MACHINE.pidfile} doesn't say which process it is", hint="Stop it, and run this again")
    _end(pid)
    start(tare, say)


def _refuse_if_used(old: str) -> None:
    try:
        running = ask(MACHINE.socket, "/containers/json")
    except (OSError, ValueError):
        # No answer is no engine any more: the installation itself has stopped it.
        return
    if running:
        raise EngineError(f"{old}, and containers run there: {len(running)}", hint="Stop them and run this again")


def start(tare: Path, say: Say, layout: Layout = MACHINE) -> None:
    """Start the installed engine, wait for its answer, and record it under `tare`/engine. It outlives this process.

    Does nothing where one answers. `EngineError` where it doesn't within 30 s, with the end of its log.
    """
    if os.geteuid() != 0:
        raise EngineError("the Docker Engine isn't running, and only root can start it", hint="Run `sudo systemctl start docker`, or run this as root")
    state = tare / "engine"
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _answer(layout):
            return
        if layout.data_root is None and systemd() and _systemctl("cat", "docker.service", check=False):
            _start_unit(state, say, layout)
        else:
            _start_by_hand(state, say, layout)


def stop(tare: Path, say: Say, layout: Layout = MACHINE) -> bool:
    """Stop the engine that `start` recorded, if it is still that very process; False where there is none."""
    pid = recorded(tare)
    record = tare / "engine/started.json"
    if pid is not None:
        say(f"Stopping the engine (process {pid})")
        if read_json(record).get("by") == "systemd":
            # Without its socket, or the next request would start it again.
            _systemctl("stop", "docker.socket", "docker.service")
        else:
            _end(pid)
    record.unlink(missing_ok=True)
    remove(layout)
    return pid is not None


def recorded(tare: Path) -> int | None:
    """The process of the engine that `start` recorded, while it is still that very one."""
    known = read_json(tare / "engine/started.json")
    pid = known.get("pid")
    return pid if isinstance(pid, int) and known == {**identity(pid), "by": known.get("by")} else None


def systemd() -> bool:
    """Whether systemd runs this machine (the test that sd_booted(3) makes)."""
    return Path("/run/systemd/system").is_dir()


def _start_unit(state: Path, say: Say, layout: Layout) -> None:
    say("Starting the Docker Engine: systemctl start docker")
    _systemctl("reset-failed", "docker.service", "docker.socket", check=False)
    failed = ""
    try:
        _systemctl("start", "docker.service")
    except EngineError as error:
        failed = error.what
    if failed or not _wait(lambda: _answer(layout), START_LIMIT):
        log = _journal()
        raise EngineError(f"the Docker Engine doesn't start: {failed or _end_of(log)}", hint=_hint(log, "Look at `journalctl -u docker`"))
    shown = run(["systemctl", "show", "--property=MainPID", "--value", "docker.service"], timeout=20, check=False).stdout.strip()
    if shown.isdigit():
        _record(state, int(shown), "systemd")


def _start_by_hand(state: Path, say: Say, layout: Layout) -> None:
    dockerd = find("dockerd")
    if dockerd is None:
        raise EngineError("no dockerd on this machine", hint="Run `invoke engine.up`")
    there = clear_stale(layout, say)
    if there is not None:
        if _wait(lambda: _answer(layout), START_LIMIT):
            return
        raise EngineError(
            f"dockerd runs (process {there}) but doesn't answer on {layout.socket}",
            hint=f"See its log, or end it (`kill {there}`) and run this again",
        )
    prepare(layout)
    log = state / "dockerd.log"
    if log.exists():
        log.replace(state / "dockerd.log.old")
    say(f"Starting the Docker Engine: {dockerd} (log: {log})")
    pid = _spawn(layout.command(dockerd), log)
    _record(state, pid, "hand")
    if _wait(lambda: _answer(layout) or process(pid) is None, START_LIMIT) and _answer(layout):
        return
    died = process(pid) is None
    if not died:
        _end(pid)
    (state / "started.json").unlink(missing_ok=True)
    remove(layout)
    text = log.read_text(encoding="utf-8", errors="replace")
    how = "ended at once" if died else f"didn't answer within {START_LIMIT:g} s"
    raise EngineError(f"the Docker Engine {how}: {_end_of(text)}", hint=_hint(text, f"Its log is {log}"))


def _spawn(argv: list[str], log: Path) -> int:
    """The process id of `argv`, started in a session of its own; posix_spawn leaves no object that complains when we end."""
    env = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"}
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawn(argv[0], argv, env, file_actions=files, setsid=True, setsigdef=[signal.SIGINT, signal.SIGPIPE, signal.SIGTERM], setsigmask=[])


def _answer(layout: Layout) -> bool:
    try:
        ask(layout.socket, "/version", 2)
    except (OSError, ValueError):
        return False
    return True


def _wait(done: Callable[[], bool], limit: float) -> bool:
    """Whether `done` came true within `limit` seconds."""
    end = time.monotonic() + limit
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def _end(pid: int) -> None:
    """SIGTERM, and wait: a killed engine leaves mounts and containers behind."""
    known = identity(pid)
    os.kill(pid, signal.SIGTERM)
    if not _wait(lambda: identity(pid) != known, STOP_LIMIT):
        raise EngineError(f"the engine (process {pid}) doesn't end within {STOP_LIMIT:g} s", hint=f"See what its containers do, or run `kill -9 {pid}`")


def _record(state: Path, pid: int, by: str) -> None:
    """Written whole or not at all, so that `stop` never reads half a record."""
    draft = state / "started.json.new"
    draft.write_text(json.dumps({**identity(pid), "by": by}), encoding="utf-8")
    draft.replace(state / "started.json")


def _systemctl(*words: str, check: bool = True) -> bool:
    try:
        done = run(["systemctl", *words], timeout=90, check=False)
    except CommandFailed as error:
        if check:
            raise EngineError(str(error)) from error
        return False
    if check and done.code != 0:
        raise EngineError(f"`systemctl {' '.join(words)}`: {done.stderr.strip().splitlines()[0] if done.stderr.strip() else done.code}")
    return done.code == 0


def _journal() -> str:
    try:
        return run(["journalctl", "-u", "docker", "-n", "40", "--no-pager", "-o", "cat"], timeout=20, check=False).stdout
    except CommandFailed:
        return ""


def _faults(log: str) -> list[str]:
    """The last lines of dockerd's log that tell of a fault: what it prints itself, then its errors."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return ([line for line in lines if "level=" not in line or re.search(r"level=(error|fatal)", line)] or lines)[-3:]


def _end_of(log: str) -> str:
    said = [match[1] if (match := re.search(r'msg="((?:[^"\\]|\\.)*)"', line)) else line for line in _faults(log)]
    return " | ".join(line.replace('\\"', '"') for line in said) or "it said nothing"


def _hint(log: str, where: str) -> str:
    """What to do about the faults that are known, and where the whole log is."""
    told = "\n".join(_faults(log))
    return next((f"{hint}. {where}" for pattern, hint in _HINTS.items() if re.search(pattern, told)), where)
