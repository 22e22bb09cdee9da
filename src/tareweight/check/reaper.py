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
from pathlib import Path

from tareweight.errors import Interrupted, TareError
from tareweight.process import CommandFailed, run

LABEL = "dev.tareweight.check"
_WELL = b"well"
_PAUSES = (0.0, 0.3, 1.0, 2.0)
"""Before each sweep of the watchdog: an order to create may still be on its way when the process that gave it dies."""


class _State:
    """What this process has open, and its watchdog."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.run_id = f"{os.getpid()}-{secrets.token_hex(4)}"
        self.open: set[str] = set()
        self.count = 0
        self.cancelled = threading.Event()
        self.watchdog: subprocess.Popen[bytes] | None = None


_state = _State()


def run_id() -> str:
    """This process's value of the label."""
    return _state.run_id


def guarded() -> str:
    """A name for a container, with the watchdog awake. It stays with the watchdog until it is `settled`."""
    refuse_if_cancelled()
    with _state.lock:
        _wake()
        _state.count += 1
        name = f"tareweight-check-{_state.run_id}-{_state.count}"
        _state.open.add(name)
    return name


def settled(name: str) -> None:
    """The container of that name is gone for certain."""
    with _state.lock:
        _state.open.discard(name)


def cancel() -> None:
    """End every check of this process at once: its containers go, and `verify` raises `Interrupted` from now on."""
    _state.cancelled.set()
    with _state.lock:
        left = bool(_state.open)
    if left:
        sweep(_state.run_id)


def refuse_if_cancelled() -> None:
    """Raise `Interrupted` after `cancel`."""
    if _state.cancelled.is_set():
        raise Interrupted("interrupted")


def sweep(which: str) -> bool:
    """Remove every container of a run; whether there was one."""
    try:
        found = run(["docker", "ps", "-aq", "--no-trunc", "--filter", f"label={LABEL}={which}"], timeout=30).stdout.split()
        if found:
            run(["docker", "rm", "-f", "-v", *found], timeout=60, check=False)
    except CommandFailed:
        return False
    return bool(found)


def _wake() -> None:
    """Start the watchdog if it isn't there. Held under `_state.lock`."""
    if _state.watchdog is not None and _state.watchdog.poll() is None:
        return
    first = _state.watchdog is None
    source = str(Path(__file__).resolve().parents[2])
    paths = [source, *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        _state.watchdog = subprocess.Popen(
            [sys.executable, "-m", "tareweight.check.reaper", _state.run_id],
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
    watchdog = _state.watchdog
    if watchdog is None or watchdog.stdin is None:
        return
    with contextlib.suppress(OSError):
        if not _state.open:
            watchdog.stdin.write(_WELL)
        watchdog.stdin.close()
    if not _state.open:
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
