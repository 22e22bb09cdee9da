"""`run`: an image in the foreground, on a terminal and off it, and the app without Docker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import termios
import urllib.request
from pathlib import Path

import pytest
from tests.work.conftest import Session, Start, docker, one_line, tare, write

pytestmark = pytest.mark.engine
TOOL = ("run", "--app", "tool", "--variant", "single")


def test_the_words_after_the_dashes_stay_words(project: Path) -> None:
    done = tare(project, *TOOL, "--", "echo", "a  b", "", "--app", "*", "--", "c")
    assert (done.returncode, done.stdout, done.stderr) == (0, "a  b  --app * -- c\n", "")


def test_the_same_through_invoke(project: Path, tmp_path: Path) -> None:
    write(tmp_path, "tasks.py", "from tareweight.tasks import namespace\n")
    words = [sys.executable, "-m", "invoke", "--search-root", str(tmp_path), *TOOL, "--", "echo", "a  b", "c"]
    done = subprocess.run(words, cwd=project, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "a  b c\n"), done.stderr


def test_its_status_is_the_containers(project: Path) -> None:
    done = tare(project, *TOOL, "--", "fail", "42")
    assert (done.returncode, done.stdout) == (42, "")
    assert done.stderr == "it \x1b[31mbroke\x1b[0m\n"


def test_reads_a_pipe(project: Path) -> None:
    text = "line\n" * 50_000
    done = tare(project, *TOOL, stdin=text)
    assert (done.returncode, done.stdout, done.stderr) == (0, text, "")


def test_is_locked_down(project: Path) -> None:
    assert tare(project, *TOOL, "--", "put", "/x").stdout == "Read-only file system\n"
    assert tare(project, *TOOL, "--", "net").stdout.startswith("Network is unreachable")
    assert tare(project, *TOOL, "--", "status", "CapEff").stdout.split() == ["CapEff:", "0" * 16]
    assert tare(project, *TOOL, "--", "status", "NoNewPrivs").stdout.split() == ["NoNewPrivs:", "1"]


def test_takes_the_smallest_that_passes(start: Start, project: Path) -> None:
    sizes = {variant: int(docker("image", "inspect", "-f", "{{.Size}}", name(project, variant))) for variant in ("tiny", "slim", "single")}
    assert sizes["tiny"] < sizes["slim"] < sizes["single"]
    session = start("run", "--app", "tool", "--", "sleep")
    while not session.containers:
        assert session.process.poll() is None
    image = docker("inspect", "-f", "{{.Image}}", session.containers[0]).strip()
    assert image == docker("image", "inspect", "-f", "{{.Id}}", name(project, "slim")).strip()


def name(project: Path, variant: str) -> str:
    prefix = (project / "tareweight.toml").read_text().split('"')[1]
    return f"{prefix}/tool:{variant}"


def running(session: Session) -> None:
    """Wait for the image's own program: before it there is the runtime's, and a terminal echoes and takes Ctrl-C for that one too."""
    while not session.containers or docker("inspect", "-f", "{{.State.Running}}", *session.containers).strip() != "true":
        assert session.process.poll() is None


def test_on_a_terminal(start: Start) -> None:
    session = start(*TOOL, terminal=True)
    assert session.terminal is not None
    before = termios.tcgetattr(session.terminal)
    running(session)
    session.type("hello\r")
    session.until("hello\r\nhello\r\n")  # the terminal's echo, and cat's
    session.type("\x04")
    assert session.wait() == 0
    assert termios.tcgetattr(session.terminal) == before
    assert session.containers == []


def test_ctrl_c_on_a_terminal_is_the_images_affair(start: Start) -> None:
    session = start(*TOOL, terminal=True)
    running(session)
    session.type("a\r")
    session.until("a\r\na\r\n")
    session.type("\x03b\r")  # the first process of a container ignores what it doesn't handle
    session.until("b\r\nb\r\n")
    session.process.send_signal(signal.SIGTERM)
    assert session.wait() == 130
    assert "Traceback" not in session.said
    assert session.containers == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(start: Start, number: signal.Signals) -> None:
    session = start(*TOOL, "--", "spam")
    session.until("spam spam")
    session.process.send_signal(number)
    assert session.wait() == 130
    assert "tareweight: interrupted\n" in session.said
    assert session.containers == []


def test_kill_minus_nine_leaves_nothing(start: Start) -> None:
    session = start(*TOOL, "--", "sleep")
    while not session.containers:
        assert session.process.poll() is None
    session.process.kill()
    session.process.wait()
    assert session.none_left()


def test_an_http_app_is_published(start: Start) -> None:
    session = start("run", "--app", "web", terminal=True)
    port = session.until(r"http://127\.0\.0\.1:(\d+)/ is web:single; Ctrl-C stops it")[1]
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/there", timeout=5) as answer:
                assert answer.read() == b"GET /there"
            break
        except OSError:
            assert session.process.poll() is None
    os.kill(session.process.pid, signal.SIGINT)
    assert session.wait() == 130
    assert session.containers == []


def test_what_cannot_run_is_one_line(project: Path) -> None:
    one_line(tare(project, "run"), 2, "one app is wanted", "--app")
    one_line(tare(project, "run", "--app", "tol"), 2, "--app tol: unknown app", "'tool'")
    one_line(tare(project, "run", "--app", "ghost"), 2, "there is no image", "ghost:single", "`invoke build --app ghost --variant single`")
    one_line(tare(project, "run", "--app", "tool", "--variant", "tiny"), 1, "tool:tiny: can't start: ", "/data")


def test_an_image_that_is_out_of_date_is_told(project: Path) -> None:
    file = project / "dockerfiles/once/single.Dockerfile"
    text = file.read_text()
    try:
        file.write_text(text + "USER 1\n")
        done = tare(project, "run", "--app", "once")
    finally:
        file.write_text(text)
    assert done.returncode == 3
    assert "once:single isn't up to date (Dockerfile changed): `invoke build --app once --variant single` makes it anew" in done.stderr


def test_over_its_memory(project: Path) -> None:
    done = tare(project, *TOOL, "--", "eat")
    assert done.returncode == 1
    assert done.stderr == "tareweight: tool:single: ended by the limit on its memory (256 MB: `memory` in app.toml)\n"


def test_locally(project: Path) -> None:
    done = tare(project / "apps", "run", "--app", "tool", "--local", "--", "two  words", "-x")
    assert (done.returncode, done.stdout, done.stderr) == (5, "here tool one two  words -x\n", "")


def test_ctrl_c_is_the_local_programs_affair(start: Start) -> None:
    session = start("run", "--app", "tool", "--local", "--", "wait", terminal=True)
    session.until("here tool one wait")
    session.process.send_signal(signal.SIGINT)  # from elsewhere: the program knows nothing of it
    with pytest.raises(subprocess.TimeoutExpired):
        session.wait(0.5)
    session.type("\x03")
    assert session.wait() == 130
    assert "tareweight:" not in session.said


def test_a_terminating_signal_reaches_the_local_program(start: Start) -> None:
    session = start("run", "--app", "tool", "--local", "--", "wait")
    session.until("here tool one wait")
    session.process.send_signal(signal.SIGTERM)
    assert session.wait() == 130  # once the program, which has the pipe too, is gone


def test_what_cannot_run_locally_is_one_line(project: Path) -> None:
    one_line(tare(project, "run", "--local", "--app", "ghost"), 2, "--local: there is no `no-such-tool` here", "`invoke run --app ghost`")
    one_line(tare(project, "run", "--local", "--app", "web"), 2, "apps/web/app.toml: it doesn't say", "[local]")
    one_line(tare(project, "run", "--local", "--app", "tool", "--variant", "slim"), 2, "--variant names an image")
    one_line(tare(project, "run", "--local"), 2, "one app is wanted")
