"""No container outlives its check, whatever happens.

Three guards. Each container is removed in a `finally`, by a name that was known before it was made. `cancel` removes those
that are left when the user presses Ctrl-C. And a small watchdog, a process of its own session, holds the other end
of a pipe: when this process dies without a word (kill -9), it removes all containers with this run's label.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tareweight.errors import Interrupted, TareError
from tareweight.process import CommandFailed, run

LABEL = "dev.tareweight.check"
_WELL = b"well"
_PAUSES = (0.0, 0.3, 1.0, 2.0)
"""Before each sweep of the watchdog: an order to create may still be on its way when the process that gave it dies."""

_lock = threading.Lock()
_run_id = f"{os.getpid()}-{secrets.token_hex(4)}"
_open: set[str] = set()
_count = 0
_cancelled = threading.Event()
_watchdog: subprocess.Popen[bytes] | None = None


def run_id() -> str:
    """This process's value of the label."""
    return _run_id


@contextlib.contextmanager
def guarded() -> Iterator[str]:
    """A name for a container, with the watchdog awake. The caller removes the container before it leaves.

    A name that is left by an exception of the removal itself stays with the watchdog.
    """
    global _count
    refuse_if_cancelled()
    with _lock:
        _wake()
        _count += 1
        name = f"tareweight-check-{_run_id}-{_count}"
        _open.add(name)
    yield name
    with _lock:
        _open.discard(name)


def settled(name: str) -> None:
    """The container of that name is gone for certain."""
    with _lock:
        _open.discard(name)


def cancel() -> None:
    """End every check of this process at once: its containers go, and `verify` raises `Interrupted` from now on."""
    _cancelled.set()
    with _lock:
        left = bool(_open)
    if left:
        sweep(_run_id)


def refuse_if_cancelled() -> None:
    """Raise `Interrupted` after `cancel`."""
    if _cancelled.is_set():
        raise Interrupted("interrupted")


def sweep(which: str) -> bool:
    """Remove every container of a run; whether there was one."""
    env = {"DOCKER_HOST": _engine()}
    try:
        found = run(["docker", "ps", "-aq", "--no-trunc", "--filter", f"label={LABEL}={which}"], env=env, timeout=30).stdout.split()
        if found:
            run(["docker", "rm", "-f", "-v", *found], env=env, timeout=60, check=False)
    except CommandFailed:
        return False
    return bool(found)


def _engine() -> str:
    """The engine that the SDK's `from_env` talks to: unlike the docker command, it doesn't know contexts."""
    return os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"


def _wake() -> None:
    """Start the watchdog if it isn't there. Held under `_lock`."""
    global _watchdog
    if _watchdog is not None and _watchdog.poll() is None:
        return
    first = _watchdog is None
    source = str(Path(__file__).resolve().parents[2])
    paths = [source, *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        _watchdog = subprocess.Popen(
            [sys.executable, "-m", "tareweight.check.reaper", _run_id],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            start_new_session=True,
        )
    except OSError as error:
        raise TareError(f"the guard over the checks' containers can't start: {error}") from error
    if first:
        atexit.register(_dismiss)


def _dismiss() -> None:
    """At a normal end nothing is left, and the watchdog goes without asking the engine anything."""
    watchdog = _watchdog
    if watchdog is None or watchdog.stdin is None:
        return
    with contextlib.suppress(OSError):
        if not _open:
            watchdog.stdin.write(_WELL)
        watchdog.stdin.close()
    if not _open:
        with contextlib.suppress(subprocess.TimeoutExpired):
            watchdog.wait(timeout=1)


def watch(which: str) -> None:
    """The watchdog's life: wait for the end of the pipe, then sweep unless all is well."""
    if sys.stdin.buffer.read().endswith(_WELL):
        return
    for pause in _PAUSES:
        time.sleep(pause)
        sweep(which)


if __name__ == "__main__":
    watch(sys.argv[1])
