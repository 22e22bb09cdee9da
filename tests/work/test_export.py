"""`export`: the artifact as files, all of it or nothing."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.work.conftest import ARTIFACT, TARE, Done, one_line, tare, write

pytestmark = pytest.mark.engine
END = "\nFROM scratch\nCOPY data /\n"


@pytest.fixture
def out(tmp_path: Path) -> Iterator[Path]:
    """A place that isn't there yet; nothing may be left beside it."""
    place = tmp_path / "out"
    yield place
    assert [path.name for path in tmp_path.iterdir() if path.name not in {"out", "project"}] == []


@pytest.fixture
def other(project: Path, tmp_path: Path) -> Path:
    """A project whose Dockerfile may be changed: the app `tool` alone."""
    root = tmp_path / "project"
    write(root, "tareweight.toml", (project / "tareweight.toml").read_text())
    write(root, "apps/tool/app.toml", "")
    write(root, "apps/tool/data", "data")
    shutil.copy(project / "box", root / "apps/tool/box")
    write(root, "dockerfiles/tool/single.Dockerfile", ARTIFACT)
    return root


def export(root: Path, out: Path, *words: str) -> Done:
    return tare(root, "export", "--app", "tool", "--out", str(out), *words)


def test_into_a_folder_that_is_not_there(project: Path, out: Path) -> None:
    done = export(project, out / "a" / "b")
    assert done.returncode == 0, done.stderr
    made = out / "a" / "b"
    assert {str(path.relative_to(made)) for path in made.rglob("*")} == {"data", "bin", "bin/box"}
    assert (made / "data").read_text() == "data"
    assert subprocess.run([made / "bin/box", "echo", "hello"], capture_output=True, check=True).stdout == b"hello\n"
    assert done.stdout == f"{made}: 2 files, 0.9 MB, by the stage artifact of slim.Dockerfile\n"
    assert list((out / "a").iterdir()) == [made]


def test_into_an_empty_folder(project: Path, out: Path) -> None:
    out.mkdir()
    elsewhere = out.parent / "project"
    elsewhere.symlink_to(out)
    done = export(project, elsewhere, "--variant", "slim")
    assert done.returncode == 0, done.stderr
    assert (out / "data").is_file()
    assert elsewhere.is_symlink()


def test_a_folder_with_a_comma(project: Path, out: Path) -> None:
    done = export(project, out / 'a,"b')
    assert done.returncode == 0, done.stderr
    assert (out / 'a,"b' / "data").is_file()


def test_a_folder_that_is_not_empty_stays_as_it_is(project: Path, out: Path) -> None:
    write(out, ".hidden", "")
    one_line(export(project, out), 2, f"--out {out}: isn't empty")
    assert [path.name for path in out.iterdir()] == [".hidden"]


def test_what_is_no_folder(project: Path, out: Path) -> None:
    one_line(tare(project, "export", "--app", "tool"), 2, "--out: missing")
    write(out, "file", "")
    one_line(export(project, out / "file"), 2, "is a file")
    one_line(export(project, out / "file" / "below"), 2, "below a file")
    (out / "loop").symlink_to("loop")
    one_line(export(project, out / "loop"), 2, "--out ")
    one_line(tare(project, "export", "--app", "tool", "--out", "~nobody-here/x"), 2, "--out ~nobody-here/x: ")
    (out / "empty").mkdir()
    done = subprocess.run([*TARE, "export", "--app", "tool", "--out", "."], cwd=out / "empty", capture_output=True, text=True, check=False)
    assert done.returncode == 2
    one_line(tare(project, "export", "--app", "tool", "--out", "/proc"), 2, "--out /proc: ")
    one_line(tare(project, "export", "--app", "tool", "--out", "/proc/new"), 2, "--out /proc/new: can't be made: ", "Name a folder that you may write to")


def test_nothing_to_export(project: Path, out: Path) -> None:
    one_line(
        tare(project, "export", "--app", "web", "--out", str(out)), 2,
        "web has nothing to export: no stage artifact in single.Dockerfile", "`FROM scratch AS artifact`", "before the last one",
    )  # fmt: skip
    one_line(export(project, out, "--variant", "single"), 2, "no stage artifact in single.Dockerfile")
    one_line(tare(project, "export", "--out", str(out)), 2, "one app is wanted")
    assert not out.exists()


def test_an_empty_stage(other: Path, out: Path) -> None:
    write(other, "dockerfiles/tool/single.Dockerfile", f"FROM scratch AS artifact\nWORKDIR /empty\n{END}")
    done = export(other, out)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("single.Dockerfile: the stage artifact holds no files")
    assert not out.exists()


def test_a_build_that_fails(other: Path, out: Path) -> None:
    write(other, "dockerfiles/tool/single.Dockerfile", f'FROM scratch AS artifact\nCOPY box data /\nRUN ["/box", "fail", "3"]\n{END}')
    done = export(other, out)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("tareweight: tool:single: single.Dockerfile:3: ")
    log = Path(last.rpartition("Whole log: ")[2])
    assert "it \x1b[31mbroke" in log.read_text()
    assert not out.exists()


def test_a_dockerfile_that_is_none(other: Path, out: Path) -> None:
    write(other, "dockerfiles/tool/single.Dockerfile", "# nothing\n")
    one_line(export(other, out), 1, "single.Dockerfile: no FROM")


def test_links_that_lead_out(other: Path, out: Path) -> None:
    app = other / "apps/tool"
    for name, to in {"away": "/etc/passwd", "up": "../../x", "within": "data", "deep/up": "../data"}.items():
        (app / "links" / name).parent.mkdir(parents=True, exist_ok=True)
        (app / "links" / name).symlink_to(to)
    write(other, "dockerfiles/tool/single.Dockerfile", f"FROM scratch AS artifact\nCOPY links /\nCOPY data /\n{END}")
    done = export(other, out)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-2:] == ["away is a link to /etc/passwd, outside the folder", "up is a link to ../../x, outside the folder"]
    assert (out / "deep/up").readlink() == Path("../data")
    assert "5 files" in done.stdout


def test_another_base_than_the_image_needs(other: Path, out: Path) -> None:
    write(other, "dockerfiles/tool/single.Dockerfile", "FROM scratch AS artifact\nCOPY data /\nFROM tareweight-test-none/none:1\n")
    done = export(other, out)
    assert done.returncode == 0, done.stderr


def test_build_arguments(other: Path, out: Path) -> None:
    write(other, "dockerfiles/tool/single.Dockerfile", f"FROM scratch AS artifact\nARG NAME=a\nCOPY data /$NAME\n{END}")
    assert export(other, out, "--set", "NAME=b").returncode == 0
    assert (out / "b").is_file()


def test_interrupted(other: Path, out: Path) -> None:
    write(other, "dockerfiles/tool/single.Dockerfile", f'FROM scratch AS artifact\nCOPY box data /\nRUN ["/box", "sleep"]\n{END}')
    words = [sys.executable, "-c", f"import signal; signal.signal(2, signal.default_int_handler); {TARE[2]}", "export", "--app", "tool", "--out", str(out)]
    with subprocess.Popen(words, cwd=other, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr
        for line in running.stderr:
            if "start" in line and "sleep" in line:
                break
        time.sleep(0.3)
        running.send_signal(signal.SIGINT)
        said = running.stderr.read()
    assert running.returncode == 130
    assert said.splitlines()[-1] == "tareweight: interrupted: the build was cancelled, and nothing is exported"
    assert not out.exists()
