"""Command checks: a fresh container for each, fed and read through one attached connection."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Any

from tareweight.catalog import Check, Needs
from tareweight.check.lockdown import KEPT, CantRun, Image, container, start
from tareweight.check.words import mismatch, said


class Streams:
    """Takes the engine's multiplexed stream apart; keeps the first `KEPT` bytes of stdout and of stderr."""

    def __init__(self) -> None:
        self._kept = {1: bytearray(), 2: bytearray()}
        self._head = b""
        self._stream = 0
        self._left = 0

    def feed(self, data: bytes) -> None:
        """The next bytes of the connection, cut anywhere."""
        while data:
            if self._left == 0:
                missing = 8 - len(self._head)
                self._head, data = self._head + data[:missing], data[missing:]
                if len(self._head) == 8:
                    self._stream, self._left = self._head[0], int.from_bytes(self._head[4:], "big")
                    self._head = b""
                continue
            piece, data = data[: self._left], data[self._left :]
            self._left -= len(piece)
            kept = self._kept.get(self._stream)
            if kept is not None and len(kept) < KEPT:
                kept += piece[: KEPT - len(kept)]

    @property
    def stdout(self) -> str:
        """What came on standard output."""
        return self._kept[1].decode("utf-8", "replace")

    @property
    def stderr(self) -> str:
        """What came on standard error."""
        return self._kept[2].decode("utf-8", "replace")


def run(client: Any, image: Image, needs: Needs, check: Check) -> tuple[str | None, float]:
    """Run one command check. Why it failed (None when it passed), and the seconds from the order to start to the exit."""
    try:
        with container(client, image, needs, args=check.args, stdin=check.stdin is not None) as name:
            return _run(client, name, needs, check)
    except CantRun as error:
        return str(error), 0.0


def _run(client: Any, name: str, needs: Needs, check: Check) -> tuple[str | None, float]:
    import requests.exceptions

    attached = client.attach_socket(name, params={"stdin": int(check.stdin is not None), "stdout": 1, "stderr": 1, "stream": 1})
    connection: Any = getattr(attached, "_sock", attached)
    streams = Streams()
    try:
        begin = time.monotonic()
        deadline = begin + check.timeout
        connection.settimeout(check.timeout)
        start(client, name)
        if check.stdin is not None:
            threading.Thread(target=_feed, args=(connection, check.stdin.encode()), daemon=True).start()
        try:
            _read(connection, streams, deadline)
            status = client.wait(name, timeout=max(0.05, deadline - time.monotonic()))["StatusCode"]
        except (TimeoutError, requests.exceptions.ConnectionError, requests.exceptions.ReadTimeout):
            if time.monotonic() < deadline:
                raise
            return f"no end within {check.timeout:g} s{said(streams.stderr)}", check.timeout
        seconds = time.monotonic() - begin
    finally:
        # Wakes the feeder too.
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        # In this order: the response owns the file over the socket, and closing that alone leaves the socket open.
        getattr(attached, "_response", attached).close()
        connection.close()
    if status != check.exit and client.inspect_container(name)["State"].get("OOMKilled"):
        return f"exit {status}, wanted {check.exit}: it went over its {needs.memory // 10**6} MB of memory", seconds
    return judge(check, status, streams), seconds


def _feed(connection: Any, data: bytes) -> None:
    """Standard input, then its end, while the other direction stays open. Who ends without reading it all does no wrong."""
    with contextlib.suppress(OSError):
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)


def _read(connection: Any, streams: Streams, deadline: float) -> None:
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        data = connection.recv(65_536)
        if not data:
            return
        streams.feed(data)


def judge(check: Check, status: int, streams: Streams) -> str | None:
    """Why the run wasn't as it should be; None when it was."""
    if status != check.exit:
        return f"exit {status}, wanted {check.exit}{said(streams.stderr or streams.stdout)}"
    if check.stdout and not check.stdout.holds(streams.stdout):
        return mismatch("stdout", streams.stdout, check.stdout)
    if check.stderr and not check.stderr.holds(streams.stderr):
        return mismatch("stderr", streams.stderr, check.stderr)
    return None
