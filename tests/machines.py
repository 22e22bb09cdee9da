"""Registries and second engines for tests."""

from __future__ import annotations

import http.server
import os
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tareweight.engine import daemon
from tareweight.engine.install import find

USER, PASSWORD = "tester", "let me in"
_HASHED = "$2b$05$abcdefghijklmnopqrstuu4h2R.N3/mVBA7Xh7aLzKSJDAsK61n52"
Done = subprocess.CompletedProcess[str]


def tare(folder: Path, *words: str, env: Mapping[str, str] | None = None) -> Done:
    """`tare` with `words` in `folder`."""
    command = [sys.executable, "-c", "import sys; from tareweight.cli import main; sys.argv[0] = 'tare'; main()", *words]
    return subprocess.run(command, cwd=folder, env={**os.environ, **(env or {})}, capture_output=True, text=True, timeout=300, check=False)


def docker(*words: str, env: Mapping[str, str] | None = None, stdin: str | None = None) -> str:
    """The output of a docker command that has to work."""
    return subprocess.run(["docker", *words], input=stdin, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=True).stdout.strip()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def registry(folder: Path, *, login: bool = False) -> Iterator[str]:
    """Debian's docker-registry on 127.0.0.1, with its data in `folder`: its address. With `login` it wants USER and PASSWORD."""
    program = shutil.which("docker-registry") or ""
    if not program:
        pytest.fail("docker-registry is missing (Debian's package of that name)") if os.environ.get("CI") else pytest.skip("no docker-registry")
    folder.mkdir(parents=True)
    address = f"127.0.0.1:{free_port()}"
    config = f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {folder / 'data'}}}}}\nhttp: {{addr: '{address}'}}\n"
    if login:
        (folder / "htpasswd").write_text(f"{USER}:{_HASHED}\n")
        config += f"auth: {{htpasswd: {{realm: tests, path: {folder / 'htpasswd'}}}}}\n"
    (folder / "config.yml").write_text(config)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "serve", str(folder / "config.yml")], stdout=log, stderr=log)
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://{address}/v2/", timeout=1).close()
                break
            except urllib.error.HTTPError as answer:
                answer.close()
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(10)


class _Dying(http.server.BaseHTTPRequestHandler):
    """A registry that takes an upload's beginning and then closes the line."""

    default_request_version = "HTTP/1.1"
    """Who tries TLS first has to be told, with a status line, that this is none."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_HEAD(self) -> None:
        self.send_error(404)

    def do_POST(self) -> None:
        self.send_response(202)
        self.send_header("Location", f"http://{self.headers['Host']}{self.path}one")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_PATCH(self) -> None:
        self.rfile.read(1)
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def dying_registry() -> Iterator[str]:
    """The address of something that dies in the middle of every push."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Dying) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def second_engine(root: Path, config: dict[str, object] | None = None) -> Iterator[str]:
    """A real engine beside the machine's own, with nothing in it: its DOCKER_HOST."""
    if os.geteuid() != 0 or not find("dockerd"):
        pytest.skip("starting a second engine needs root and dockerd")
    layout = daemon.private(root, config=config)
    daemon.start(root, lambda _: None, layout)
    try:
        yield layout.host
    finally:
        daemon.stop(root, lambda _: None, layout)


@contextmanager
def front(path: Path, host: str) -> Iterator[str]:
    """A socket at `path` behind which an engine's own BuildKit answers: buildx's remote driver takes it for any other. Its address."""

    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True
        block_on_close = False

    with Server(str(path), _dial("-H", host, "buildx", "dial-stdio", "--builder", "default", "--progress", "quiet")) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"unix://{path}"
        server.shutdown()
    path.unlink()


@contextmanager
def by_tcp() -> Iterator[str]:
    """The machine's own engine as one that is reached over TCP: its DOCKER_HOST."""

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), _dial("system", "dial-stdio", env={name: text for name, text in os.environ.items() if name != "DOCKER_HOST"})) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def _dial(*words: str, env: Mapping[str, str] | None = None) -> type[socketserver.BaseRequestHandler]:
    """Joins each line that comes in with what a docker command leads to."""

    class Dial(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            line = self.request.fileno()
            subprocess.run(["docker", *words], stdin=line, stdout=line, stderr=subprocess.DEVNULL, env=env, check=False)

    return Dial


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder whose path is short enough for Unix sockets."""
    folder = Path("/tmp") / f"tw-test-{os.getpid()}-{time.monotonic_ns() % 10**6}"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def program(folder: Path) -> Path:
    """The static program of the checks' tests."""
    box = folder / "box"
    subprocess.run(["gcc", "-static", "-O1", "-o", box, Path(__file__).parent / "check" / "box.c"], check=True)
    return box


def remove_images(prefix: str) -> None:
    """Take from the engine all that stands under `prefix`/."""
    if left := docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference={prefix}/*").split():
        docker("image", "rm", "-f", *left)
