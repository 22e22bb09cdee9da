"""Using, starting and stopping engines: faults with fakes and staged leftovers, the main way with a real second engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tareweight.engine import daemon, endpoint, layout
from tareweight.engine.daemon import Layout, private, start, stop
from tareweight.engine.install import find
from tareweight.errors import EngineError

OLD = "20.10.24"
NEW = "26.1.5"
EngineOn = Callable[..., AbstractContextManager[None]]


def quiet(_: str) -> None:
    """Hears nothing."""


def fake_dockerd(monkeypatch: pytest.MonkeyPatch, folder: Path, body: str) -> None:
    program = folder / "dockerd"
    program.write_text(f"#!{sys.executable}\n{body}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(daemon, "find", lambda _: str(program))


def answering(path: Path) -> str:
    """The body of a fake dockerd that answers on `path` until it is ended."""
    return f"""
import http.server, json, socketserver
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b'{{"Version": "{NEW}"}}')
    def address_string(self): return ""
socketserver.UnixStreamServer({str(path)!r}, H).serve_forever()"""


# Up ---------------------------------------------------------------------------------------------------------------------


def test_an_engine_elsewhere_is_never_started_here(staged: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "start", lambda *_: pytest.fail("nothing is to be started"))
    monkeypatch.setattr(daemon, "missing_programs", lambda: ["dockerd"])
    for host in (f"unix://{staged.socket}.other", "tcp://127.0.0.1:1"):
        monkeypatch.setenv("DOCKER_HOST", host)
        assert not daemon.answers(timeout=3)
        with pytest.raises(EngineError, match=r"doesn't answer.*unset DOCKER_HOST"):
            daemon.up(tmp_path, quiet)


@pytest.mark.usefixtures("staged")
def test_an_old_engine_elsewhere_is_named(short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine_on: EngineOn) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{short}/far.sock")
    with engine_on(short / "far.sock", version=OLD), pytest.raises(EngineError, match=r"20\.10\.24.*too old.*where it runs"):
        daemon.up(tmp_path, quiet)


def test_the_engine_that_answers_is_used(staged: Layout, tmp_path: Path, engine_on: EngineOn) -> None:
    said: list[str] = []
    with engine_on(staged.socket):
        assert daemon.answers()
        daemon.up(tmp_path, said.append)
        assert not stop(tmp_path, quiet), "it was not started from here"
    assert said == [f"Docker Engine {NEW} answers at {staged.host}"]


def test_missing_buildx_is_installed_beside_a_good_engine(staged: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine_on: EngineOn) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(daemon, "missing_client", lambda: ["buildx >= 0.13"])
    monkeypatch.setattr(daemon, "install", lambda _, *, client_only=False: asked.append(client_only))
    with engine_on(staged.socket):
        daemon.up(tmp_path, quiet)
    assert asked == [True]


@pytest.mark.usefixtures("staged")
def test_no_permission_names_the_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(endpoint, "ask", denied)
    assert not daemon.answers()
    with pytest.raises(EngineError, match="group docker"):
        daemon.up(tmp_path, quiet)


def test_what_is_missing_is_installed_and_started(staged: Layout, short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    fake_dockerd(monkeypatch, short, answering(staged.socket))
    monkeypatch.setattr(daemon, "missing_programs", lambda: ["dockerd"])
    monkeypatch.setattr(daemon, "install", lambda _: asked.append("install"))
    daemon.up(tmp_path, asked.append)
    try:
        assert asked[0] == "install"
        assert asked[-1] == f"Docker Engine {NEW} answers at {staged.host}"
        assert daemon.recorded(tmp_path) is not None
    finally:
        assert stop(tmp_path, quiet)
    assert not stop(tmp_path, quiet)


# Too old ----------------------------------------------------------------------------------------------------------------


def test_an_old_engine_with_containers_is_left_alone(staged: Layout, tmp_path: Path, engine_on: EngineOn) -> None:
    with engine_on(staged.socket, version=OLD, containers=2), pytest.raises(EngineError, match=r"20\.10\.24.*containers run there: 2"):
        daemon.up(tmp_path, quiet)


def test_an_old_engine_is_named_where_it_cannot_be_upgraded(staged: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine_on: EngineOn) -> None:
    monkeypatch.setattr(daemon, "how_to_install", lambda: "Ask somebody")
    with engine_on(staged.socket, version=OLD), pytest.raises(EngineError, match=r"20\.10\.24.*too old.*Ask somebody"):
        daemon.up(tmp_path, quiet)


def test_an_old_engine_whose_process_is_unknown_is_not_ended(staged: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine_on: EngineOn) -> None:
    asked: list[str] = []
    monkeypatch.setattr(daemon, "missing_programs", lambda: ["dockerd >= 23"])
    monkeypatch.setattr(daemon, "install", lambda _: asked.append("install"))
    staged.pidfile.write_text(str(os.getpid()), encoding="utf-8")
    with engine_on(staged.socket, version=OLD), pytest.raises(EngineError, match="doesn't say which process"):
        daemon.up(tmp_path, quiet)
    assert asked == ["install"]


def test_an_old_engine_is_upgraded_and_restarted(staged: Layout, short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_dockerd(monkeypatch, short, answering(staged.socket).replace(NEW, OLD))
    start(tmp_path, quiet)
    pid = daemon.recorded(tmp_path)
    assert pid is not None

    def upgrade(_: object) -> None:
        fake_dockerd(monkeypatch, short, answering(staged.socket))

    monkeypatch.setattr(daemon, "missing_programs", lambda: ["dockerd >= 23"])
    monkeypatch.setattr(daemon, "install", upgrade)
    monkeypatch.setattr(daemon, "living", lambda *_: pid)
    # The fake answers every request with its version, which isn't an empty list of containers.
    monkeypatch.setattr(daemon, "_refuse_if_used", quiet)
    said: list[str] = []
    daemon.up(tmp_path, said.append)
    try:
        assert said[-1] == f"Docker Engine {NEW} answers at {staged.host}"
        assert daemon.recorded(tmp_path) not in {None, pid}
    finally:
        assert stop(tmp_path, quiet)


# Start ------------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("staged")
def test_only_root_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(EngineError, match="sudo systemctl start docker"):
        start(tmp_path, quiet)


@pytest.mark.usefixtures("staged")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("failed to start daemon: write /var/lib/x: no space left on device", "Free some disk space"),
        ('time="1" level=fatal msg="failed: \\"iptables\\" not found"', "Install iptables"),
        ("failed to start daemon: Devices cgroup isn't mounted", "Mount the cgroup"),
        ("mount: operation not permitted", "--privileged"),
        ("unable to configure the Docker daemon with file /etc/docker/daemon.json: invalid", "Mend /etc/docker/daemon.json"),
        ("something else", "Its log is"),
    ],
)
def test_an_engine_that_ends_at_once_shows_its_log(short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, expected: str) -> None:
    fake_dockerd(monkeypatch, short, f"import sys\nprint('time=1 level=info msg=fine')\nprint({line!r}, file=sys.stderr)\nsys.exit(1)")
    with pytest.raises(EngineError, match="ended at once") as caught:
        start(tmp_path, quiet)
    assert expected in str(caught.value)
    assert "level=" not in caught.value.what
    assert "fine" not in caught.value.what
    assert not (tmp_path / "engine/started.json").exists()
    with pytest.raises(EngineError):
        start(tmp_path, quiet)
    assert (tmp_path / "engine/dockerd.log.old").exists()


@pytest.mark.usefixtures("staged")
def test_an_engine_that_never_answers_is_ended(short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "START_LIMIT", 0.5)
    fake_dockerd(monkeypatch, short, f"import os, time\nopen({str(short / 'pid')!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)")
    with pytest.raises(EngineError, match=r"didn't answer within 0\.5 s"):
        start(tmp_path, quiet)
    assert layout.process(int((short / "pid").read_text(encoding="utf-8"))) is None


def test_an_engine_that_does_not_end_is_named(staged: Layout, short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_dockerd(monkeypatch, short, f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{answering(staged.socket)}")
    start(tmp_path, quiet)
    pid = daemon.recorded(tmp_path)
    assert pid is not None
    monkeypatch.setattr(daemon, "STOP_LIMIT", 0.3)
    with pytest.raises(EngineError, match=f"process {pid}.*doesn't end"):
        stop(tmp_path, quiet)
    os.kill(pid, signal.SIGKILL)


@pytest.mark.usefixtures("staged")
def test_no_dockerd_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "find", lambda _: None)
    with pytest.raises(EngineError, match="no dockerd"):
        start(tmp_path, quiet)


@pytest.mark.usefixtures("staged")
def test_a_living_engine_that_does_not_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "START_LIMIT", 0.2)
    monkeypatch.setattr(daemon, "find", lambda _: "/bin/false")
    monkeypatch.setattr(daemon, "clear_stale", lambda *_: 4711)
    with pytest.raises(EngineError, match=r"process 4711.*kill 4711"):
        start(tmp_path, quiet)


@pytest.mark.usefixtures("staged")
def test_systemd_starts_and_stops_its_unit(short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = short / "calls"
    fake = short / "systemctl"
    fake.write_text(f'#!/bin/sh\necho "$@" >> {calls}\ncase "$1" in show) echo {os.getpid()} ;; esac\n', encoding="utf-8")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{short}:{os.environ['PATH']}")
    monkeypatch.setattr(daemon, "systemd", lambda: True)
    answers = iter([False, True, True])
    monkeypatch.setattr(daemon, "_answer", lambda _: next(answers))
    start(tmp_path, quiet)
    assert daemon.recorded(tmp_path) == os.getpid()
    assert stop(tmp_path, quiet)
    assert calls.read_text(encoding="utf-8").splitlines() == [
        "cat docker.service",
        "reset-failed docker.service docker.socket",
        "start docker.service",
        "show --property=MainPID --value docker.service",
        "stop docker.socket docker.service",
    ]


@pytest.mark.usefixtures("staged")
def test_a_unit_that_fails_shows_the_journal(short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, body in (("systemctl", 'case "$1" in start) echo Job failed. >&2; exit 1;; esac'), ("journalctl", "echo no space left on device")):
        (short / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        (short / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{short}:{os.environ['PATH']}")
    monkeypatch.setattr(daemon, "systemd", lambda: True)
    with pytest.raises(EngineError, match=r"Job failed.*Free some disk space.*journalctl -u docker"):
        start(tmp_path, quiet)


@pytest.mark.parametrize("record", ["", "[]", "{", '{"pid": "1"}', '{"pid": 99999999, "start": 1}'])
def test_a_damaged_or_dead_record_stops_nothing(tmp_path: Path, record: str) -> None:
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine/started.json").write_text(record, encoding="utf-8")
    assert not stop(tmp_path, quiet)
    assert not (tmp_path / "engine/started.json").exists()


def test_a_process_number_given_to_another_is_not_stopped(tmp_path: Path) -> None:
    (tmp_path / "engine").mkdir()
    known = layout.identity(os.getpid())
    (tmp_path / "engine/started.json").write_text(json.dumps({**known, "start": known["start"] - 1, "by": "hand"}), encoding="utf-8")
    assert not stop(tmp_path, quiet)


# A real second engine ---------------------------------------------------------------------------------------------------


def docker(second: Layout, *words: str) -> str:
    done = subprocess.run(["docker", "-H", second.host, *words], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


def until_gone(pid: int) -> None:
    while layout.process(pid) is not None:
        time.sleep(0.05)


def rules() -> list[str]:
    shown = subprocess.run(["iptables-save"], capture_output=True, text=True, check=True).stdout
    return [line for line in shown.splitlines() if line.startswith("-A") and " tw" in line]


@pytest.mark.engine
@pytest.mark.skipif(os.geteuid() != 0 or not find("dockerd"), reason="starting a second engine needs root and dockerd")
@pytest.mark.parametrize("config", [None, {"features": {"containerd-snapshotter": True}}], ids=["classic", "containerd"])
def test_a_real_engine_starts_over_what_a_killed_one_left(tmp_path: Path, config: dict[str, object] | None) -> None:
    second = private(tmp_path, config=config)
    say: Callable[[str], None] = quiet
    try:
        start(tmp_path, say, second)
        first = daemon.recorded(tmp_path)
        assert first is not None
        assert ("io.containerd.snapshotter" in docker(second, "info", "--format", "{{.DriverStatus}}")) == bool(config)
        assert bool(rules()) == bool(second.bridge)
        start(tmp_path, say, second)
        assert daemon.recorded(tmp_path) == first, "one that answers is used"

        os.kill(first, signal.SIGKILL)
        until_gone(first)
        assert daemon.recorded(tmp_path) is None
        assert second.socket.is_socket()
        # The worst case: both numbers have been given to a process that lives.
        second.pidfile.write_text(str(os.getpid()), encoding="utf-8")
        (second.exec_root / "containerd/containerd.pid").write_text(str(os.getpid()), encoding="utf-8")
        said: list[str] = []
        start(tmp_path, said.append, second)
        assert any(line.startswith(f"Removing {second.pidfile}") for line in said)
        assert docker(second, "version", "--format", "{{.Server.Version}}")
    finally:
        stopped = stop(tmp_path, say, second)
    assert stopped
    assert not second.socket.parent.exists()
    assert not second.bridge or not Path("/sys/class/net", second.bridge).exists()
    assert not [line for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines() if str(tmp_path) in line]
    assert not [rule for rule in rules() if second.bridge in rule]


@pytest.mark.engine
@pytest.mark.skipif(os.geteuid() != 0 or not find("dockerd"), reason="starting a second engine needs root and dockerd")
def test_stop_tidies_up_after_a_killed_private_engine(tmp_path: Path) -> None:
    second = private(tmp_path)
    start(tmp_path, quiet, second)
    pid = daemon.recorded(tmp_path)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until_gone(pid)
    assert not stop(tmp_path, quiet, second)
    assert not second.socket.parent.exists()
    assert not [line for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines() if str(tmp_path) in line]


@pytest.mark.engine
@pytest.mark.skipif(os.geteuid() != 0 or not find("dockerd"), reason="starting a second engine needs root and dockerd")
def test_it_outlives_the_process_that_started_it(tmp_path: Path) -> None:
    second = private(tmp_path)
    script = "import sys; from pathlib import Path; from tareweight.engine.daemon import *; r = Path(sys.argv[1]); start(r, str, private(r))"
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, timeout=60)
    assert docker(second, "version", "--format", "{{.Server.Version}}")
    assert stop(tmp_path, quiet, second)


@pytest.mark.engine
@pytest.mark.skipif(os.geteuid() != 0 or not find("dockerd"), reason="starting a second engine needs root and dockerd")
def test_a_real_engine_with_a_bad_setting_says_so(tmp_path: Path) -> None:
    second = private(tmp_path, config={"no-such-setting": 1})
    with pytest.raises(EngineError, match="no-such-setting"):
        start(tmp_path, quiet, second)
    assert not second.socket.parent.exists()
