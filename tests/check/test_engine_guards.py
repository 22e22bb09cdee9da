"""No container outlives its check: neither kill -9, nor Ctrl-C, nor cancel leaves one."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.check.conftest import Box, docker, target_of

from tareweight.catalog import Check, Expect
from tareweight.check import reaper
from tareweight.check.verify import verify
from tareweight.errors import EngineError

pytestmark = pytest.mark.engine

SCRIPT = """
import signal, sys, threading, time
from pathlib import Path
from tareweight.catalog import Check
from tareweight.check import reaper
from tareweight.check.verify import verify
from tareweight.errors import Interrupted
from tests.check.conftest import target_of

# A shell's background jobs, and so their children, begin with Ctrl-C ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
target = target_of(Check("long", 60, args=("sleep",)))
sys.stdout.write(reaper.run_id() + "\\n")
sys.stdout.flush()
if sys.argv[3] == "cancel":
    ended = []
    def check():
        try:
            verify(target, sys.argv[1], tare=Path(sys.argv[2]))
        except Interrupted:
            ended.append(True)
    thread = threading.Thread(target=check)
    thread.start()
    time.sleep(1.5)
    begin = time.monotonic()
    reaper.cancel()
    thread.join()
    sys.exit(0 if ended and time.monotonic() - begin < 5 else 1)
verify(target, sys.argv[1], tare=Path(sys.argv[2]))
"""


def containers(run: str) -> list[str]:
    return docker("ps", "-aq", "--filter", f"label={reaper.LABEL}={run}").split()


def until(run: str, count: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if len(containers(run)) == count:
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def checking(box: Box, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[subprocess.Popen[str], str]]:
    root = Path(__file__).resolve().parents[2]
    argv = [sys.executable, "-c", SCRIPT, box(), str(tmp_path), getattr(request, "param", "wait")]
    with subprocess.Popen(argv, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        run = process.stdout.readline().strip()
        yield process, run
        process.kill()
    for left in containers(run):
        docker("rm", "-f", left)


def test_kill_minus_nine(checking: tuple[subprocess.Popen[str], str]) -> None:
    process, run = checking
    assert until(run, 1, 10)
    process.kill()
    process.wait()
    assert until(run, 0, 10)


def test_kill_before_the_container_is_there(checking: tuple[subprocess.Popen[str], str]) -> None:
    process, run = checking
    process.kill()
    process.wait()
    time.sleep(1)
    assert until(run, 0, 10)


def test_ctrl_c(checking: tuple[subprocess.Popen[str], str]) -> None:
    process, run = checking
    assert until(run, 1, 10)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=5)
    assert containers(run) == []


@pytest.mark.parametrize("checking", ["cancel"], indirect=True)
def test_cancel_ends_other_threads_checks(checking: tuple[subprocess.Popen[str], str]) -> None:
    process, run = checking
    assert process.wait(timeout=20) == 0, process.stderr.read() if process.stderr else ""
    assert containers(run) == []


def test_many_threads(box: Box, tmp_path: Path) -> None:
    image = box("echo", "x")
    target = target_of(*(Check(str(number), 30, stdout=Expect("exact", "x\n")) for number in range(3)))
    with ThreadPoolExecutor(6) as pool:
        verdicts = list(pool.map(lambda _: verify(target, image, tare=tmp_path), range(6)))
    assert [verdict.passed for verdict in verdicts] == [3] * 6
    assert containers(reaper.run_id()) == []


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the SDK forgets the socket that it couldn't connect
def test_no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(EngineError, match="no Docker Engine answers"):
        verify(target_of(Check("any", 1)), "sha256:" + "0" * 64, tare=tmp_path)
    gc.collect()
