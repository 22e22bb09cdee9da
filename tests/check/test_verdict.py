"""What is kept, and what is shown of strangers' text."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from tests.check.conftest import target_of

from tareweight.catalog import Check, Expect, Needs
from tareweight.check import Failure, Verdict, load, save
from tareweight.check.command import Streams
from tareweight.check.verdict import AS_ROOT, path, reasons
from tareweight.check.words import mismatch

IMAGE = "sha256:" + "ab" * 32
TARGET = target_of(Check("a", 10), Check("b", 10))
VERDICT = Verdict(1, 2, (Failure("b", "exit 1, wanted 0"),), 0.25, "+CHOWN", "65532")
KEPT = asdict(VERDICT)


def test_kept_and_read_again(tmp_path: Path) -> None:
    assert load(tmp_path, IMAGE, TARGET) is None
    save(VERDICT, tmp_path, IMAGE, TARGET)
    assert load(tmp_path, IMAGE, TARGET) == VERDICT


def test_other_checks_needs_or_image_are_not_answered(tmp_path: Path) -> None:
    save(VERDICT, tmp_path, IMAGE, TARGET)
    assert load(tmp_path, "sha256:" + "cd" * 32, TARGET) is None
    assert load(tmp_path, IMAGE, target_of(Check("a", 10), Check("b", 11))) is None
    assert load(tmp_path, IMAGE, target_of(*TARGET.app.checks, needs=Needs(port=1))) is None


def test_what_is_no_image_id_is_kept_nowhere(tmp_path: Path) -> None:
    assert path(tmp_path, "../../etc/passwd", TARGET) is None
    save(VERDICT, tmp_path, "../x", TARGET)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "[]", "{", "{}"])
def test_what_is_no_verdict_is_as_missing(tmp_path: Path, text: str) -> None:
    assert reread(tmp_path, text) is None


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"locked": True, "passed": 2, "failures": []},
        {"locked": False, "unlocked": "as root", "passed": 2, "failures": []},
    ],
)
def test_what_is_kept(tmp_path: Path, change: dict[str, object]) -> None:
    assert reread(tmp_path, json.dumps({**KEPT, **change}))


@pytest.mark.parametrize(
    "change",
    [
        {"failures": [1]},
        {"failures": []},
        {"passed": True},
        {"passed": "1"},
        {"first_answer": "x"},
        {"first_answer": -1},
        {"declared": None},
        {"user": 3},
        {"locked": 1},
        {"locked": []},
        {"locked": "yes"},
        {"locked": True, "unlocked": "as root"},
        {"locked": False},
        {"locked": None, "unlocked": "as root"},
        {"unlocked": None},
    ],
)
def test_corrupt_is_as_missing(tmp_path: Path, change: dict[str, object]) -> None:
    assert reread(tmp_path, json.dumps({**KEPT, **change})) is None


@pytest.mark.parametrize("key", ["passed", "total", "failures", "declared", "user", "unlocked"])
def test_a_key_that_lacks_is_as_missing(tmp_path: Path, key: str) -> None:
    assert reread(tmp_path, json.dumps({name: value for name, value in KEPT.items() if name != key})) is None


def reread(tare: Path, text: str) -> Verdict | None:
    file = path(tare, IMAGE, TARGET)
    assert file
    file.parent.mkdir()
    file.write_text(text)
    return load(tare, IMAGE, TARGET)


@pytest.mark.parametrize(
    ("declared", "locked", "unlocked", "word", "note"),
    [
        ("", None, "", "", ""),
        ("rw /tmp", None, "", "", "beyond the lock-down: rw /tmp"),
        ("", True, "", "yes", ""),
        ("rw /tmp", True, "", "yes", "runs locked down without rw /tmp"),
        ("rw /tmp", False, "rw /tmp", "no", "beyond the lock-down: rw /tmp"),
        ("", False, AS_ROOT, "as 65532", "beyond the lock-down: root (passes locked down as 65532)"),
        ("rw /tmp", False, AS_ROOT, "as 65532", "beyond the lock-down: root (passes locked down as 65532)"),
        ("", False, "as 65532: exit 1", "no", "beyond the lock-down: root (fails locked down as 65532: exit 1)"),
        ("rw /tmp", False, "as 65532: exit 1", "no", "beyond the lock-down: root, rw /tmp (fails locked down as 65532: exit 1)"),
    ],
)
def test_words_on_the_lock_down(declared: str, locked: bool | None, unlocked: str, word: str, note: str) -> None:
    verdict = replace(VERDICT, declared=declared, locked=locked, unlocked=unlocked)
    assert (verdict.lock_word, verdict.lock_note) == (word, note)


def test_ok() -> None:
    assert not VERDICT.ok
    assert replace(VERDICT, passed=2, failures=()).ok
    assert not Verdict(0, 0, (), None, "", "").ok


def test_reading_needs_no_sdk() -> None:
    code = "import sys, tareweight.check; sys.exit(any(name in sys.modules for name in ('docker', 'requests', 'http.client')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_mismatch_of_long_texts_begins_where_they_part() -> None:
    same = "=" * 100
    assert mismatch("stdout", same + "a", Expect("exact", same + "b")) == "stdout from character 90 on is '==========a', wanted '==========b'"
    assert mismatch("stdout", "a", Expect("pattern", "^b$")) == "stdout is 'a', wanted a match of '^b$'"


@pytest.mark.parametrize("step", [1, 3, 8, 1000])
def test_streams_cut_anywhere(step: int) -> None:
    data = b"\x01\0\0\0\0\0\0\x03abc" + b"\x02\0\0\0\0\0\0\x02no" + b"\x01\0\0\0\0\0\0\x00" + b"\x01\0\0\0\0\0\0\x01d"
    streams = Streams()
    for at in range(0, len(data), step):
        streams.feed(data[at : at + step])
    assert (streams.stdout, streams.stderr) == ("abcd", "no")


def test_one_reason_for_all_checks_is_told_once() -> None:
    failures = [Failure("adds", "can't start: no /here"), Failure("refuses", "stdout is 'x', wanted 'y'"), Failure("divides", "can't start: no /here")]
    assert reasons(failures) == ["adds and 1 more: can't start: no /here", "refuses: stdout is 'x', wanted 'y'"]
    assert reasons([]) == []
