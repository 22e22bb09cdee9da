"""`serve`: HTTP apps side by side, their logs with a prefix each, and nothing left when they are stopped."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import socket
import threading
import urllib.request
from pathlib import Path

import pytest
from tests.work.conftest import Session, Start, docker, one_line, tare

from tareweight.catalog import App, Needs, Target
from tareweight.engine.client import Image
from tareweight.work import serve
from tareweight.work.choice import Choice

pytestmark = pytest.mark.engine


def get(session: Session, app: str) -> str:
    """What an app answers at the address that was told for it."""
    port = session.until(rf"{app} +\| http://127\.0\.0\.1:(\d+)/ is {app}:single")[1]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/there", timeout=10) as answer:
        return str(answer.read().decode())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it(start: Start, number: signal.Signals) -> None:
    session = start("serve", "--app", "web")
    assert get(session, "web") == "GET /there"
    bound = docker("inspect", "-f", "{{json .HostConfig.PortBindings}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}", *session.containers)
    assert '"HostIp":"127.0.0.1"' in bound
    assert bound.endswith("true [ALL]\n")
    session.process.send_signal(number)
    assert session.wait() == 0
    assert "stopping web\n" in session.said
    assert "Traceback" not in session.said
    assert session.containers == []


def test_one_that_dies_is_told_and_the_others_go_on(start: Start) -> None:
    session = start("serve")  # of all apps those that have a port and an image
    assert get(session, "web") == "GET /there"
    assert get(session, "feeble") == "GET /there"
    session.until(r"feeble \| out of requests\n")  # its log, without its colours
    session.until(r"feeble \| ended with exit 7\n")
    assert get(session, "web") == "GET /there"
    session.process.send_signal(signal.SIGINT)
    assert session.wait() == 1
    assert "stopping web\n" in session.said
    assert session.containers == []


def test_ends_when_all_have_ended(start: Start) -> None:
    session = start("serve", "--app", "feeble")
    assert get(session, "feeble") == "GET /there"
    assert session.wait() == 1
    assert session.said.endswith("all have ended\n")
    assert session.containers == []


def test_ctrl_c_at_a_terminal(start: Start) -> None:
    session = start("serve", "--app", "web", terminal=True)
    session.until(r"\x1b\[36mweb \|\x1b\[0m http://127\.0\.0\.1:\d+/ is web:single")
    session.type("\x03")
    assert session.wait() == 0
    assert session.containers == []


def test_kill_minus_nine_leaves_nothing(start: Start) -> None:
    session = start("serve", "--app", "web")
    session.until("is web:single")
    session.process.kill()
    session.process.wait()
    assert session.none_left()


def test_ends_when_nobody_reads(start: Start) -> None:
    session = start("serve", "--app", "feeble")
    session.until("is feeble:single")
    assert session.process.stdout
    session.process.stdout.close()
    with contextlib.suppress(OSError):
        for _ in range(2):
            get(session, "feeble")  # each is logged, or is the last
    assert session.process.wait(30) == 141
    assert session.containers == []


def test_on_a_port_of_choice(start: Start, project: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = str(holder.getsockname()[1])
        one_line(tare(project, "serve", "--app", "web", "--port", port), 2, f"--port {port}: in use on 127.0.0.1")
    session = start("serve", "--app", "web", "--port", port)
    session.until(rf"http://127\.0\.0\.1:{port}/ is web:single")


def test_what_cannot_be_served_is_one_line(project: Path) -> None:
    for port in ("0", "65536", "many", "-1", "\N{SUPERSCRIPT TWO}"):
        one_line(tare(project, "serve", f"--port={port}"), 2, f"--port: '{port}' is not a whole number from 1 to 65535")
    one_line(tare(project, "serve", "--port", "18080"), 2, "--port is for one app, and 2 are to be served")
    one_line(tare(project, "serve", "--app", "web", "--app", "once"), 2, "once has no port to be served on", "`invoke run --app once`")
    one_line(tare(project, "serve", "--app", "ghost"), 2, "there is no image", "ghost:single")
    one_line(tare(project, "serve", "--app", "web", "--variant", "slim"), 2, "--variant slim: unknown variant")


def test_lines_of_a_stranger() -> None:
    told: list[str] = []
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source:
        reader = threading.Thread(target=lambda: told.extend(serve.lines(source)))
        reader.start()
        with os.fdopen(writing, "wb", buffering=0) as out:
            for piece in (b"a", b"b\n\n", "ü".encode()[:1], "ü".encode()[1:] + b"\xff\n", b"x" * 1_000_000, b"x\nend"):
                out.write(piece)
        reader.join()
    assert told == ["ab", "", "ü\N{REPLACEMENT CHARACTER}", "x" * serve.LINE + "…", "end"]


def test_a_long_silence_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "PATIENCE", 0.1)
    here = Path("/nowhere")
    app = App("mute", here, here, "Mute", "", "1", "single", (), Needs(), {})
    image = Image("sha256:0", (), (), {}, "", 1, "linux/amd64", ())
    with socket.socket() as holder:  # bound, and nobody listens
        holder.bind(("127.0.0.1", 0))
        service = serve.Service(Choice(Target(app, "single", here), image), "none", holder.getsockname()[1], "mute | ")
        events: queue.Queue[serve.Event] = queue.Queue()
        waiting = threading.Thread(target=serve._await, args=(service, events, None))
        waiting.start()
        assert events.get(timeout=10) == (service, "silence", "no answer within 0.1 s; still waiting")
        waiting.join(0.3)
        assert events.empty()
        service.over.set()
        waiting.join()
