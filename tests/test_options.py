"""What every task's options have in common, and output that nobody wants."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tareweight.errors import BadInput
from tareweight.project import Wishes, open_project
from tareweight.weighing import two_images

TARE = "from tareweight.cli import main; main()"


def tare(*words: str, cwd: Path, shell: str = "") -> subprocess.CompletedProcess[str]:
    """`tare` in a folder; `shell` redirects its output."""
    line = ["sh", "-c", f'"$@" {shell}', "sh", sys.executable, "-c", TARE, *words]
    return subprocess.run(line, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """One app in two variants that need no base."""
    (tmp_path / "app.toml").write_text('title = "One"\n')
    for name in ("Dockerfile", "small.Dockerfile"):
        (tmp_path / name).write_text("FROM scratch\nCOPY app.toml /\n")
    return tmp_path


@pytest.mark.parametrize("words", [("list", "--app"), ("list", "--variant"), ("build-all", "--app", "x", "--set"), ("clean", "-a")])
def test_an_option_that_may_be_repeated_needs_its_value(project: Path, words: tuple[str, ...]) -> None:
    ended = tare(*words, cwd=project)
    assert ended.returncode == 2
    assert re.search(r"^tareweight: --(app|variant|set) needs a value\. `tare --list`", ended.stderr)
    assert ended.stdout == ""


def test_options_that_may_be_repeated_are(project: Path) -> None:
    ended = tare("list", "--variant", "single", "--variant", "small", cwd=project)
    assert ended.returncode == 0
    assert len(ended.stdout.splitlines()) == 2


@pytest.mark.parametrize(("task", "repeatable"), [("compare", True), ("explain", False), ("export", False)])
def test_help_says_what_may_be_repeated(project: Path, task: str, repeatable: bool) -> None:
    told = " ".join(tare("--help", task, cwd=project).stdout.split())
    assert ("only this app (repeatable)" in told) is repeatable
    assert "only this app" in told


def test_the_images_that_could_be_meant_are_those_of_the_variant(project: Path) -> None:
    ended = tare("sbom", cwd=project)
    assert ended.returncode == 2
    assert "one image is wanted, and 2 are chosen" in ended.stderr
    (project / "tareweight.toml").touch()
    for name in ("a", "b"):
        (project / "apps" / name).mkdir(parents=True)
        (project / "apps" / name / "app.toml").touch()
        folder = project / "dockerfiles" / name
        folder.mkdir(parents=True)
        for variant in ("single", "small"):
            (folder / f"{variant}.Dockerfile").write_text("FROM scratch\nCOPY app.toml /\n")
    ended = tare("explain", "--variant", "small", cwd=project)
    assert ended.returncode == 2
    assert "2 are chosen (a:small, b:small)" in ended.stderr


@pytest.mark.parametrize(("closed", "code", "words"), [(">&-", 0, ("list",)), ("2>&-", 2, ("list", "--app", "nope")), (">&- 2>&-", 0, ("list",))])
def test_closed_outputs_are_nobody_listening(project: Path, closed: str, code: int, words: tuple[str, ...]) -> None:
    ended = tare(*words, cwd=project, shell=closed)
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, "", "")


def test_the_only_app_of_a_project_needs_no_name_in_diff(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "tareweight.toml").write_text('prefix = "p"\n')
    monkeypatch.chdir(project)
    opened = open_project(Wishes())
    one = opened.reads[0].target.app.name
    assert two_images(opened, "", "", "small") == (f"p/{one}:single", f"p/{one}:small")
    assert two_images(opened, "", "small", "single") == (f"p/{one}:small", f"p/{one}:single")
    assert two_images(opened, "", "small", "other/image:1") == ("small", "other/image:1")
    with pytest.raises(BadInput, match="two images are wanted"):
        two_images(opened, "", "", "other/image:1")


def test_a_dry_run_of_invokes_own_is_refused(project: Path) -> None:
    ended = tare("-R", "clean", cwd=project)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("tareweight: -R (--dry): ")
    assert "build-all --dry-run`" in ended.stderr


def test_help_for_a_task_that_does_not_exist(project: Path) -> None:
    ended = tare("--help", "nope", cwd=project)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("tareweight: No idea what 'nope' is! `tare --list`")
