"""A project of tiny apps that pull nothing, built once; and the command `tare` in it, with and without a terminal."""

from __future__ import annotations

import os
import pty
import re
import secrets
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

TARE = [sys.executable, "-c", "from tareweight.cli import main; main()"]
BOX = "FROM scratch\nCOPY box /box\n"
ARTIFACT = 'FROM scratch AS artifact\nCOPY data /\nCOPY box /bin/\n\nFROM scratch\nCOPY box /box\nENTRYPOINT ["/box"]\nCMD ["cat"]\n'
WEB = BOX + 'EXPOSE 8080\nUSER 65532:65532\nENTRYPOINT ["/box"]\nCMD ["serve", "8080", "{}"]\n'
LOCAL = '#!/bin/sh\necho "$MODE $(basename "$PWD") $*"\n[ "$2" != wait ] || exec sleep 1000\nexit 5\n'
CHECK = '[[check]]\nname = "echo"\nargs = ["echo", "x"]\nstdout = "x\\n"\n'
FILES = {
    "tool/single": BOX + 'COPY data /data\nENTRYPOINT ["/box"]\nCMD ["cat"]\n',
    "tool/slim": ARTIFACT,
    "tool/tiny": BOX.replace("box /box", "data /data") + 'ENTRYPOINT ["/data"]\n',  # the smallest, but its check fails
    "web/single": WEB.format(100_000),
    "feeble/single": WEB.format(2),
    "once/single": BOX + 'ENTRYPOINT ["/box"]\nCMD ["fail", "3"]\n',
    "debug/single": 'FROM gcr.io/distroless/base-debian13:debug\nCOPY box /box\nUSER 65532:65532\nENTRYPOINT ["/box"]\nCMD ["cat"]\n',
    "ghost/single": "FROM scratch\nCOPY data /\n",
}
APPS = {"tool": f'[local]\nrun = ["./local", "one"]\nenv = {{ MODE = "here" }}\n{CHECK}', "ghost": '[local]\nrun = ["no-such-tool"]\n'}
Done = subprocess.CompletedProcess[str]


def write(root: Path, name: str, text: str) -> Path:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)
    return root / name


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True).stdout


def tare(folder: Path, *words: str, stdin: str = "") -> Done:
    return subprocess.run([*TARE, *words], cwd=folder, input=stdin, capture_output=True, text=True, timeout=120, check=False)


def one_line(done: Done, code: int, *parts: str) -> None:
    assert done.returncode == code, done
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("tareweight: ")
    assert done.stdout == ""
    for part in parts:
        assert part in lines[0]


@pytest.fixture(scope="package")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Built once; nobody changes what images are made of."""
    root = tmp_path_factory.mktemp("work") / "project"
    prefix = f"tareweight-test-{secrets.token_hex(4)}"
    write(root, "tareweight.toml", f'prefix = "{prefix}"\n')
    box = root / "box"
    subprocess.run(["gcc", "-static", "-O1", "-o", box, Path(__file__).parents[1] / "check" / "box.c"], check=True)
    for name, text in FILES.items():
        app = name.partition("/")[0]
        write(root, f"apps/{app}/app.toml", APPS.get(app, ""))
        write(root, f"apps/{app}/data", "data")
        write(root, f"apps/{app}/.dockerignore", "local\napp.toml\n")
        (root / f"apps/{app}/box").unlink(missing_ok=True)
        (root / f"apps/{app}/box").hardlink_to(box)
        write(root, f"dockerfiles/{name}.Dockerfile", text)
    write(root, "apps/tool/local", LOCAL).chmod(0o755)
    apps = [word for app in ("tool", "web", "feeble", "once", "debug") for word in ("--app", app)]
    try:
        done = tare(root, "build-all", *apps)
        assert "7 built" in done.stderr, done.stderr
        yield root
    finally:
        if left := docker("image", "ls", "-q", "--filter", f"reference={prefix}/*").split():
            docker("image", "rm", "-f", *left)


class Session:
    """`tare` as a process of its own whose output is read as it comes; with a terminal it sits at one."""

    def __init__(self, folder: Path, words: tuple[str, ...], terminal: bool) -> None:
        self.said = ""
        self.terminal: int | None = None
        self.end: int | None = None
        # Whatever started the tests may have left Ctrl-C ignored.
        before = signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            if terminal:
                self.terminal, self.end = pty.openpty()
                # setsid becomes tare, and the terminal is the one that Ctrl-C comes from.
                self.process = subprocess.Popen(["setsid", "--ctty", *TARE, *words], cwd=folder, stdin=self.end, stdout=self.end, stderr=self.end)
                self.output = self.terminal
            else:
                self.process = subprocess.Popen([*TARE, *words], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                assert self.process.stdout
                self.output = self.process.stdout.fileno()
        finally:
            signal.signal(signal.SIGINT, before)

    def until(self, pattern: str, seconds: float = 30) -> re.Match[str]:
        """Read on until the pattern is there."""
        deadline = time.monotonic() + seconds
        while not (found := re.search(pattern, self.said)):
            if not self._read(deadline - time.monotonic()):
                raise AssertionError(f"no {pattern} in {self.said!r}")
        return found

    def _read(self, seconds: float) -> bool:
        if seconds <= 0 or not select.select([self.output], [], [], seconds)[0]:
            return False
        try:
            piece = os.read(self.output, 65_536)
        except OSError:
            return False
        self.said += piece.decode("utf-8", "replace")
        return bool(piece)

    def type(self, text: str) -> None:
        """Keys on the terminal."""
        assert self.terminal is not None
        os.write(self.terminal, text.encode())

    def wait(self, seconds: float = 30) -> int:
        """Its exit code; what it still said is read."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            self._read(0.05)
        while self._read(0.05):
            pass
        return self.process.wait(0)

    @property
    def containers(self) -> list[str]:
        """The containers that are there because of it."""
        return docker("ps", "-aq", "--filter", f"name=tareweight-check-{self.process.pid}-").split()

    def none_left(self, seconds: float = 10) -> bool:
        """Whether all its containers are gone in time."""
        deadline = time.monotonic() + seconds
        while self.containers and time.monotonic() < deadline:
            time.sleep(0.1)
        return not self.containers


Start = Callable[..., Session]


@pytest.fixture
def start(project: Path) -> Iterator[Start]:
    """Starts sessions, and ends what a failed test leaves."""
    sessions: list[Session] = []

    def make(*words: str, terminal: bool = False) -> Session:
        sessions.append(Session(project, words, terminal))
        return sessions[-1]

    yield make
    for session in sessions:
        with _closed(session):
            session.process.kill()
            session.process.wait()
        assert session.none_left()


@contextmanager
def _closed(session: Session) -> Iterator[None]:
    yield
    for descriptor in (session.terminal, session.end):
        if descriptor is not None:
            os.close(descriptor)
    if session.process.stdout:
        session.process.stdout.close()
