"""Command checks on the real engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.check.conftest import Box, left, target_of

from tareweight.catalog import Check, Expect, Needs
from tareweight.check import Verdict, load
from tareweight.check.verify import verify

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def image(box: Box) -> str:
    return box(changes=("USER 1234",))


def one(image: str, tare: Path, check: Check, needs: Needs | None = None) -> str:
    """Why the only check failed; empty when it passed."""
    verdict = verify(target_of(check, needs=needs), image, tare=tare)
    assert verdict.total == 1
    assert verdict.ok == (verdict.passed == 1) == (not verdict.failures)
    assert left() == []
    return verdict.failures[0].why if verdict.failures else ""


def test_what_passes(image: str, tmp_path: Path) -> None:
    checks = (
        Check("stdin", 10, args=("cat",), stdin="6 * 7\n", stdout=Expect("exact", "6 * 7\n")),
        Check("no stdin", 10, args=("cat",), stdout=Expect("exact", "")),
        Check("args", 10, args=("echo", "a b", "$HOME", ";"), stdout=Expect("contains", "a b $HOME ;")),
        Check("pattern", 10, args=("echo", "Result: 3"), stdout=Expect("pattern", r"^Result: \d$")),
        Check("exit", 10, args=("fail", "3"), exit=3, stderr=Expect("contains", "broke"), stdout=Expect("exact", "")),
        Check("unread stdin", 10, args=("echo", "x"), stdin="y" * 300_000, stdout=Expect("exact", "x\n")),
    )
    target = target_of(*checks)
    verdict = verify(target, image, tare=tmp_path)
    assert verdict == Verdict(6, 6, (), verdict.first_answer, "", "1234", locked=True)
    assert verdict.ok
    assert verdict.first_answer is not None
    assert 0 < verdict.first_answer < 10
    assert load(tmp_path, image, target) == verdict
    assert left() == []


def test_much_stdin_comes_back_whole(image: str, tmp_path: Path) -> None:
    text = "0123456789" * 90_000
    assert one(image, tmp_path, Check("much", 20, args=("cat",), stdin=text, stdout=Expect("exact", text))) == ""


def test_wrong_output_shows_both(image: str, tmp_path: Path) -> None:
    check = Check("sum", 10, args=("echo", "\x1b[31m41"), stdout=Expect("exact", "42\n"))
    assert one(image, tmp_path, check) == r"stdout is '\x1b[31m41\n', wanted '42\n'"


def test_wrong_exit_shows_both_and_the_end_of_stderr(image: str, tmp_path: Path) -> None:
    assert one(image, tmp_path, Check("exit", 10, args=("fail", "4"))) == "exit 4, wanted 0: it broke"


@pytest.mark.parametrize("what", ["sleep", "spam"])
def test_time_limit(image: str, tmp_path: Path, what: str) -> None:
    assert one(image, tmp_path, Check("end", 0.7, args=(what,), stdout=Expect("exact", ""))) == "no end within 0.7 s"


def test_root_file_system_is_read_only(image: str, tmp_path: Path) -> None:
    read_only = Expect("exact", "Read-only file system\n")
    assert one(image, tmp_path, Check("put", 10, args=("put", "/x"), exit=1, stdout=read_only)) == ""
    check = Check("put", 10, args=("put", "/data/x"), stdout=Expect("exact", "written\n"))
    assert one(image, tmp_path, check, Needs(writable=("/data",))) == ""


def test_no_network(image: str, tmp_path: Path) -> None:
    check = Check("net", 10, args=("net",), stdout=Expect("exact", "Network is unreachable\n"))
    assert one(image, tmp_path, check) == ""


@pytest.mark.parametrize(("needs", "bounding"), [(Needs(), 0), (Needs(capabilities=("NET_BIND_SERVICE",)), 1 << 10)])
def test_capabilities(image: str, tmp_path: Path, needs: Needs, bounding: int) -> None:
    check = Check("caps", 10, args=("status", "CapBnd"), stdout=Expect("exact", f"CapBnd:\t{bounding:016x}\n"))
    assert one(image, tmp_path, check, needs) == ""


def test_no_new_privileges_and_seccomp(image: str, tmp_path: Path) -> None:
    assert one(image, tmp_path, Check("nnp", 10, args=("status", "NoNewPrivs"), stdout=Expect("pattern", r"\t1$"))) == ""


def test_processes_and_memory_are_limited(image: str, tmp_path: Path) -> None:
    assert one(image, tmp_path, Check("forks", 10, args=("forks",), stdout=Expect("exact", "127\n"))) == ""
    why = one(image, tmp_path, Check("eat", 20, args=("eat",)), Needs(memory=32_000_000))
    assert why.startswith("exit 137, wanted 0")


def test_environment_and_what_is_declared(image: str, tmp_path: Path) -> None:
    needs = Needs(env=(("COLOUR", "blue = 1"),), capabilities=("CHOWN",), writable=("/run",))
    target = target_of(Check("env", 10, args=("env", "COLOUR"), stdout=Expect("exact", "blue = 1\n")), needs=needs)
    verdict = verify(target, image, tare=tmp_path)
    assert verdict.ok
    assert verdict.declared == "+CHOWN, rw /run"


def test_missing_entrypoint(box: Box, tmp_path: Path) -> None:
    why = one(box(entrypoint="/not/there"), tmp_path, Check("start", 10))
    assert why == """can't start: exec: "/not/there": stat /not/there: no such file or directory"""
    assert "\n" not in why


def test_image_gone(tmp_path: Path) -> None:
    image, target = "sha256:" + "0" * 64, target_of(Check("any", 10))
    verdict = verify(target, image, tare=tmp_path)
    assert [failure.why for failure in verdict.failures] == ["image is gone"]
    assert load(tmp_path, image, target) is None


def test_no_checks_is_unchecked(image: str, tmp_path: Path) -> None:
    verdict = verify(target_of(), image, tare=tmp_path)
    assert (verdict.total, verdict.ok, verdict.failures) == (0, False, ())
