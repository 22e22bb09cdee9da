from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tareweight import console, project
from tareweight.build.progress import Event
from tareweight.errors import BadInput
from tareweight.project import Wishes, open_project, source_labels

OCI = "org.opencontainers.image"


def git(root: Path, *words: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *identity, *words], cwd=root, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "app.toml").write_text("")
    (tmp_path / "tareweight.toml").write_text("jobs = 3\n")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    return tmp_path


def test_wishes(root: Path) -> None:
    found = open_project(Wishes(), root)
    assert (found.jobs_at_once, found.settings.bases, len(found.reads)) == (3, "auto", 1)
    found = open_project(Wishes(jobs="7", bases="debian"), root)
    assert (found.jobs_at_once, found.settings.bases) == (7, "debian")
    with pytest.raises(BadInput, match="--jobs"):
        open_project(Wishes(jobs="0"), root)


def test_git(root: Path) -> None:
    assert source_labels(root) == {}
    with pytest.raises(BadInput, match="--tag git: this is no git repository"):
        open_project(Wishes(tag="git"), root)
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "one")
    commit = git(root, "rev-parse", "HEAD")
    short = git(root, "rev-parse", "--short", "HEAD")
    assert source_labels(root)[f"{OCI}.revision"] == commit
    assert open_project(Wishes(tag="git"), root).wishes.tag == short
    (root / "Dockerfile").write_text("FROM scratch\nUSER 1\n")
    assert open_project(Wishes(tag="git"), root).wishes.tag == f"{short}-dirty"
    assert source_labels(root)[f"{OCI}.revision"] == f"{commit}-dirty"


@pytest.mark.parametrize(
    ("remote", "source"),
    [
        ("https://example.com/a.git", "https://example.com/a.git"),
        ("https://user:secret@example.com/a.git", "https://example.com/a.git"),
        ("git@example.com:a.git", "git@example.com:a.git"),
    ],
)
def test_a_remote_without_its_credentials(monkeypatch: pytest.MonkeyPatch, remote: str, source: str) -> None:
    monkeypatch.setattr(project, "_git", lambda _root, *words: remote if words[0] == "config" else "x")
    assert source_labels(Path("/"))[f"{OCI}.source"] == source


def test_tasks_are_called_as_this_one_was(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for program, wrapped in (("/usr/bin/tare", False), ("/usr/bin/invoke", False), ("/x/.venv/bin/invoke", True)):
        if wrapped:
            (tmp_path / "invoke").touch()
        monkeypatch.setattr("sys.argv", [program])
        console.out("run `invoke build-all`")
        console.say("run `invoke build-all`")
        console.verbatim("a stranger says `invoke me`")
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "run `tare build-all`", "a stranger says `invoke me`", "run `invoke build-all`", "a stranger says `invoke me`",
        "run `./invoke build-all`", "a stranger says `invoke me`",
    ]  # fmt: skip
    assert told.err.splitlines() == ["run `tare build-all`", "run `invoke build-all`", "run `./invoke build-all`"]


def test_console(capsys: pytest.CaptureFixture[str]) -> None:
    console.out("a")
    console.out("b\n")
    console.say("\x1b[31mred\x1b[0m")
    console.error("one\ntwo")
    console.progress(Event("a:b", "end", "RUN x", 1.23))
    console.summary([])
    told = capsys.readouterr()
    assert told.out == "a\nb\n"
    lines = told.err.splitlines()
    assert lines[:2] == ["red", "tareweight: one two"]
    assert lines[2].split() == ["a:b", "end", "RUN", "x", "1.2", "s"]
    assert lines[3] == "nothing to build"
