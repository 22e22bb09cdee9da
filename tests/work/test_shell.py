"""`shell`: a look into a running copy, whether its image has a shell or not."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from tests.work.conftest import Start, docker, one_line, tare

pytestmark = pytest.mark.engine
BARE = ("shell", "--app", "tool", "--variant", "single")
LOOK = 'id -u; pwd; cat data; tr "\\0" " " < /proc/1/cmdline; echo; touch /x; echo "$1|$#"; exit 7'


def test_beside_an_image_without_a_shell(project: Path) -> None:
    done = tare(project, *BARE, "--", "sh", "-c", LOOK, "sh", "a  b", "c")
    assert done.returncode == 7, done.stderr
    assert done.stdout.splitlines() == ["0", "/proc/1/root", "data/box cat ", "a  b|2"]
    assert "tool:single: it has no shell, so one from gcr.io/distroless/base-debian13:debug shares its processes and network" in done.stderr
    assert "Read-only file system" in done.stderr


def test_the_same_user_and_network(project: Path) -> None:
    done = tare(project, "shell", "--app", "web", "--", "sh", "-c", "id -u; until wget -qO- http://127.0.0.1:8080/within; do :; done; echo; ls box")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["65532", "GET /within", "box"]


def test_in_an_image_with_a_shell(project: Path) -> None:
    done = tare(project, "shell", "--app", "debug", "--", "sh", "-c", 'id -u; tr "\\0" " " < /proc/1/cmdline; exit 5')
    assert done.returncode == 5, done.stderr
    assert done.stdout == "65532\n/box cat "
    assert done.stderr == "debug:single: sh, the image's own\n"


def test_reads_a_pipe(project: Path) -> None:
    for app in ("tool", "debug"):
        done = tare(project, "shell", "--app", app, "--", "cat", stdin="line\n" * 1000)
        assert (done.returncode, done.stdout) == (0, "line\n" * 1000), done.stderr


def test_a_command_that_is_not_there(project: Path) -> None:
    for app in ("tool", "debug"):
        done = tare(project, "shell", "--app", app, "--", "nothing")
        assert done.returncode == 127
        assert "nothing: not found" in done.stderr


@pytest.mark.parametrize("app", ["tool", "debug"])
def test_on_a_terminal(start: Start, app: str) -> None:
    session = start("shell", "--app", app, terminal=True)
    session.until(r"\$ |# ")
    session.type("echo $((6*7)); tty\r")
    session.until(r"\r\n42\r\n/dev/pts/0\r\n")
    session.type("echo begin; sleep 1000\r")
    session.until(r"\r\nbegin\r\n")
    session.type("\x03")  # ends the sleep and not the shell
    session.until(r"\^C")
    session.type("exit 9\r")
    assert session.wait() == 9
    assert session.containers == []


def test_no_terminal(project: Path) -> None:
    one_line(tare(project, *BARE), 2, "a shell needs a terminal, and there is none", "`invoke shell --app A -- COMMAND`")


def test_a_copy_that_ends_at_once(project: Path) -> None:
    one_line(tare(project, "shell", "--app", "once", "--", "true"), 1, "once:single: ends at once with exit 3, so there is no running copy to look into")
    one_line(tare(project, "shell", "--app", "tool", "--variant", "tiny", "--", "true"), 1, "tool:tiny: can't start: ", "/data")


@pytest.mark.parametrize("app", ["tool", "debug"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it(start: Start, app: str, number: signal.Signals) -> None:
    session = start("shell", "--app", app, "--", "sh", "-c", "echo ready; sleep 1000")
    session.until("ready")
    assert len(session.containers) == (2 if app == "tool" else 1)
    session.process.send_signal(number)
    assert session.wait() == 130
    assert "Traceback" not in session.said
    assert session.containers == []


def test_kill_minus_nine_leaves_nothing(start: Start) -> None:
    session = start(*BARE, "--", "sh", "-c", "echo ready; sleep 1000")
    session.until("ready")
    session.process.kill()
    session.process.wait()
    assert session.none_left()


def test_the_copy_ends_while_one_looks(start: Start) -> None:
    session = start("shell", "--app", "debug", "--", "sh", "-c", "echo ready; sleep 1000")
    session.until("ready")
    docker("kill", *session.containers)
    assert session.wait() == 137
    assert "Traceback" not in session.said
