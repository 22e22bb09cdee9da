"""Locked down or not, tried on the real engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.check.conftest import Box, left, target_of

from tareweight.catalog import Check, Expect, Http, Needs
from tareweight.check import Verdict, command, exchange, load
from tareweight.check.verify import verify

pytestmark = pytest.mark.engine

ECHO = Check("echo", 10, args=("echo", "x"), stdout=Expect("exact", "x\n"))
PUT = Check("put", 10, args=("put", "/data/x"), stdout=Expect("exact", "written\n"))
GET = Check("get", 10, http=Http("/", "GET", (), None, 200, (), Expect("exact", "GET /")))


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the checks that were run, in their order; of HTTP checks those of one container in one line."""
    seen: list[str] = []
    run_command, run_exchange = command.run, exchange.run

    def one(client: object, image: object, needs: object, check: Check) -> object:
        seen.append(check.name)
        return run_command(client, image, needs, check)  # type: ignore[arg-type]

    def several(client: object, image: object, needs: object, checks: list[Check]) -> object:
        seen.append(" ".join(check.name for check in checks))
        return run_exchange(client, image, needs, checks)  # type: ignore[arg-type]

    monkeypatch.setattr(command, "run", one)
    monkeypatch.setattr(exchange, "run", several)
    return seen


def checked(image: str, tare: Path, *checks: Check, needs: Needs | None = None) -> Verdict:
    target = target_of(*checks, needs=needs)
    verdict = verify(target, image, tare=tare)
    assert load(tare, image, target) == verdict
    assert left() == []
    return verdict


def words(verdict: Verdict) -> tuple[bool | None, str, str]:
    return verdict.locked, verdict.unlocked, verdict.lock_word


def test_a_user_and_nothing_declared_is_locked_without_a_second_run(box: Box, tmp_path: Path, runs: list[str]) -> None:
    verdict = checked(box(changes=("USER 1234",)), tmp_path, ECHO)
    assert words(verdict) == (True, "", "yes")
    assert verdict.lock_note == ""
    assert runs == ["echo"]


def test_root_that_passes_as_another(box: Box, tmp_path: Path, runs: list[str]) -> None:
    verdict = checked(box(), tmp_path, ECHO)
    assert verdict.ok
    assert words(verdict) == (False, "as root", "as 65532")
    assert verdict.lock_note == "beyond the lock-down: root (passes locked down as 65532)"
    assert runs == ["echo", "echo"]


def test_the_second_run_is_really_another_user(box: Box, tmp_path: Path) -> None:
    root = Check("uid", 10, args=("status", "Uid"), stdout=Expect("exact", "Uid:\t0\t0\t0\t0\n"))
    verdict = checked(box(), tmp_path, root)
    assert verdict.ok
    assert words(verdict) == (False, r"as 65532: stdout is 'Uid:\t65532\t65532\t65532\t65532\n', wanted 'Uid:\t0\t0\t0\t0\n'", "no")


def test_root_whose_folder_no_one_else_may_write_to(box: Box, tmp_path: Path, runs: list[str]) -> None:
    """A volume can be written to where the root file system can't, by its owner."""
    verdict = checked(box(changes=("VOLUME /data",)), tmp_path, PUT, ECHO)
    assert verdict.ok
    assert words(verdict) == (False, "as 65532: exit 1, wanted 0: Permission denied", "no")
    assert verdict.lock_note == "beyond the lock-down: root (fails locked down as 65532: exit 1, wanted 0: Permission denied)"
    assert runs == ["put", "echo", "put"]


@pytest.mark.parametrize("user", ["1234", "root"])
def test_declared_and_not_needed(box: Box, tmp_path: Path, user: str) -> None:
    image = box(changes=(f"USER {user}",), files={"etc/passwd": "root:x:0:0::/:\n"})
    verdict = checked(image, tmp_path, ECHO, needs=Needs(writable=("/data",), capabilities=("CHOWN",)))
    assert verdict.ok
    if user == "root":
        assert words(verdict) == (False, "as root", "as 65532")
    else:
        assert words(verdict) == (True, "", "yes")
        assert verdict.lock_note == "runs locked down without +CHOWN, rw /data"


def test_declared_and_needed(box: Box, tmp_path: Path, runs: list[str]) -> None:
    needs = Needs(writable=("/data",))
    verdict = checked(box(changes=("USER 1234",)), tmp_path, PUT, ECHO, needs=needs)
    assert verdict.ok
    assert runs == ["put", "echo", "put"]
    assert words(verdict) == (False, "rw /data", "no")
    verdict = checked(box(), tmp_path, PUT, needs=needs)
    assert words(verdict) == (False, "as 65532: exit 1, wanted 0: No such file or directory", "no")


def test_a_capability_that_is_needed(box: Box, tmp_path: Path) -> None:
    check = Check("caps", 10, args=("status", "CapBnd"), stdout=Expect("exact", f"CapBnd:\t{1 << 10:016x}\n"))
    verdict = checked(box(changes=("USER 1234",)), tmp_path, check, needs=Needs(capabilities=("NET_BIND_SERVICE",)))
    assert words(verdict) == (False, "+NET_BIND_SERVICE", "no")


def test_over_http(box: Box, tmp_path: Path, runs: list[str]) -> None:
    image = box("serve", "8080", "99")
    needs = Needs(port=8080)
    assert words(checked(image, tmp_path, GET, needs=needs)) == (False, "as root", "as 65532")
    assert runs == ["get", "get"]
    assert words(checked(box("serve", "8080", "99", changes=("USER 7",)), tmp_path, GET, needs=needs)) == (True, "", "yes")


def test_a_failed_or_missing_check_is_no_trial(box: Box, tmp_path: Path, runs: list[str]) -> None:
    needs = Needs(writable=("/data",))
    verdict = checked(box(), tmp_path, Check("exit", 10, args=("fail", "3")), needs=needs)
    assert words(verdict) == (None, "", "")
    assert verdict.lock_note == "beyond the lock-down: rw /data"
    assert words(checked(box(), tmp_path)) == (None, "", "")
    assert runs == ["exit"]


def test_the_time_to_the_first_answer_is_the_images_own(box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.5, 99.0])
    monkeypatch.setattr(command, "run", lambda *_: (None, next(times)))
    assert checked(box(), tmp_path, ECHO).first_answer == 0.5
