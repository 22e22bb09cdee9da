"""A staged machine without an engine, and something that answers as one does."""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tareweight.engine import daemon, endpoint
from tareweight.engine.daemon import Layout, start, stop

EngineOn = Callable[..., AbstractContextManager[None]]


@contextmanager
def _engine_on(path: Path, *, version: str = "26.1.5", containers: int = 0) -> Iterator[None]:
    """Something that answers as the engine does, until the end of the block."""
    answers = {"/version": {"Version": version}, "/containers/json": [{"Id": str(n)} for n in range(containers)]}
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            while True:
                line, _ = server.accept()
                with line:
                    words = line.recv(4096).split()
                    if not words:
                        return
                    answer = answers.get(words[1].decode())
                    status = b"200 OK" if answer is not None else b"404 Not Found"
                    line.sendall(b"HTTP/1.0 " + status + b"\r\n\r\n" + json.dumps(answer).encode())

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            with socket.socket(socket.AF_UNIX) as last:
                last.connect(str(path))
            thread.join()
    path.unlink()


@pytest.fixture
def engine_on() -> EngineOn:
    """`with engine_on(path, version=..., containers=...)`: an engine on that socket until the end of the block."""
    return _engine_on


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path is short enough for Unix sockets."""
    folder = Path("/tmp") / f"tw-test-{os.getpid()}-{time.monotonic_ns() % 10**6}"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def staged(short: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A layout in place of the machine's own, where no engine is."""
    places = Layout(socket=short / "d.sock", pidfile=short / "d.pid", exec_root=short / "exec", system_containerd=short / "c.sock")
    for module in (daemon, endpoint):
        monkeypatch.setattr(module, "MACHINE", places)
    monkeypatch.setattr(start, "__defaults__", (places,))
    monkeypatch.setattr(stop, "__defaults__", (places,))
    monkeypatch.setattr(daemon, "missing_client", list)
    monkeypatch.setattr(daemon, "missing_programs", list)
    monkeypatch.setattr(daemon, "install", lambda *_, **__: pytest.fail("nothing is to be installed"))
    monkeypatch.setattr(daemon, "systemd", lambda: False)
    monkeypatch.setattr(daemon, "how_to_install", lambda: None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(short / "none"))
    return places
