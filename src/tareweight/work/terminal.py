"""Programs that have this process's terminal while they run, and ports that are free."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from tareweight.errors import BadInput

GRACE = 3
"""Seconds that a program or a container has to end once it was told to."""
_REFUSAL = (b"Error response from daemon", b"OCI runtime")


def is_terminal() -> bool:
    """Whether somebody sits there: both standard input and output are a terminal."""
    return all(stream is not None and not stream.closed and stream.isatty() for stream in (sys.stdin, sys.stdout))


def attached(argv: Sequence[str], stop: Callable[[], object]) -> tuple[int, bytes]:
    """Run a client of the engine in the foreground: its status, and what the engine refused. On Ctrl-C or SIGTERM `stop` must end the container.

    The client is waited for even then: it gives the terminal back as it was.
    """
    client = subprocess.Popen(list(argv), stderr=subprocess.PIPE)
    refused: list[bytes] = []
    relay = threading.Thread(target=_relay, args=(client.stderr, refused), daemon=True)
    relay.start()
    try:
        status = client.wait()
        relay.join()
    except KeyboardInterrupt:
        try:
            stop()
            client.wait(GRACE)
        finally:
            client.kill()
            client.wait()
        raise
    finally:
        if client.stderr:
            client.stderr.close()
    return status, b"".join(refused)


def say(piece: bytes) -> None:
    """Standard error, as it comes."""
    if piece and sys.stderr:
        sys.stderr.buffer.write(piece)
        sys.stderr.buffer.flush()


def _relay(source: IO[bytes], refused: list[bytes]) -> None:
    """Copy standard error, but keep for `refused` what the client says in the engine's name: it says that first, or not at all."""
    with contextlib.suppress(OSError, ValueError):
        while piece := os.read(source.fileno(), 65_536):
            if refused or piece.startswith(_REFUSAL):
                refused.append(piece)
            else:
                say(piece)


def foreground(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> int:
    """Run a program as a shell does: Ctrl-C is the program's own affair. Its status, or 128 and the signal that ended it. `OSError`."""
    program = subprocess.Popen(list(argv), cwd=cwd, env=dict(env))
    # A function rather than SIG_IGN: whatever is started later must not begin with Ctrl-C ignored.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        status = program.wait()
    except KeyboardInterrupt:  # SIGTERM, which a terminal sends to nobody
        program.terminate()
        try:
            program.wait(GRACE)
        finally:
            program.kill()
            program.wait()
        raise
    finally:
        signal.signal(signal.SIGINT, before)
    return status if status >= 0 else 128 - status


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody has at the moment, all different."""
    with ExitStack() as stack:
        found = []
        for _ in range(count):
            holder = stack.enter_context(socket.socket())
            holder.bind(("127.0.0.1", 0))
            found.append(int(holder.getsockname()[1]))
    return found


def port_number(text: str) -> int:
    """`--port` as a number that can be listened on. `BadInput` for what is none, is taken, or isn't ours to take."""
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= 65535:
        raise BadInput(f"--port: '{text}' is not a whole number from 1 to 65535")
    port = int(text)
    with socket.socket() as holder:
        # As the engine does, which may take a port over that was closed a moment ago.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind(("127.0.0.1", port))
        except PermissionError:
            return port  # the engine may be allowed what we aren't
        except OSError as error:
            raise BadInput(f"--port {port}: in use on 127.0.0.1", hint="Give another, or none to have a free one") from error
    return port
