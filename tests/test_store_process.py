from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tareweight import process, store
from tareweight.errors import BadInput, EngineError, Interrupted, TareError, nearest


def test_round_trip_and_gitignore(tmp_path: Path) -> None:
    file = tmp_path / ".tare" / "deep" / "x.json"
    store.write(file, {"a": [1, "ä"]})
    assert store.read(file) == {"a": [1, "ä"]}
    assert (tmp_path / ".tare" / ".gitignore").read_text() == "*\n"
    assert [path.name for path in file.parent.iterdir()] == ["x.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"\0" * 50, b"[" * 100_000])
def test_corrupt_is_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.json").write_bytes(content)
    assert store.read(tmp_path / "x.json") is None


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.json")
    assert store.read(tmp_path / "x.json") is None


def test_missing_or_a_folder_is_nothing(tmp_path: Path) -> None:
    assert store.read(tmp_path / "none") is None
    assert store.read(tmp_path) is None


def test_what_cannot_be_written_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / ".tare").write_text("in the way")
    with pytest.raises(TareError, match="can't be written"):
        store.write(tmp_path / ".tare" / "x.json", 1)
    (tmp_path / "x.json").mkdir()
    with pytest.raises(TareError):
        store.write(tmp_path / "x.json", 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".tare", "x.json"]


def test_run() -> None:
    done = process.run([sys.executable, "-c", "import sys, os; print(sys.stdin.read() + os.environ['X'])"], stdin="in ", env={"X": "env"})
    assert (done.code, done.stdout) == (0, "in env\n")


def test_run_that_fails() -> None:
    argv = [sys.executable, "-c", "import sys; sys.stderr.write('a\\nlast'); sys.exit(3)"]
    with pytest.raises(process.CommandFailed) as told:
        process.run(argv)
    assert (told.value.code, told.value.argv, told.value.stderr_end) == (3, tuple(argv), "a\nlast")
    assert str(told.value).endswith("ended with 3: last")
    assert process.run(argv, check=False).code == 3


def test_run_that_cannot_start(tmp_path: Path) -> None:
    for argv, code in ((["/nonexistent/x"], 127), ([str(tmp_path)], 126)):
        with pytest.raises(process.CommandFailed) as told:
            process.run(argv, check=False)
        assert told.value.code == code


def test_run_out_of_time() -> None:
    with pytest.raises(process.CommandFailed) as told:
        process.run([sys.executable, "-c", "import time; time.sleep(9)"], timeout=0.2)
    assert told.value.code == 124


def test_stream() -> None:
    assert process.stream([sys.executable, "-c", "raise SystemExit(4)"]) == 4


def test_exit_codes_and_hints() -> None:
    assert [kind("x").exit_code for kind in (TareError, BadInput, EngineError, Interrupted)] == [1, 2, 3, 130]
    assert str(BadInput("what", hint="Do this")) == "what. Do this"
    assert nearest("singel", ["single", "scratch"]) == "Did you mean 'single'?"
    assert nearest("zzz", ["b", "a"]) == "Known: a, b"
    assert nearest("zzz", []) == "There are none"
