"""Each broken project under tests/projects/ through the command: one line that names file and key, the right code, nothing lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tareweight.cli import main

PROJECTS = Path(__file__).with_name("projects")

BAD = {
    "no-apps": ("no apps", "apps/<app>/app.toml"),
    "unknown-key": ("apps/hello/app.toml:1: titel: unknown key", "Did you mean 'title'?"),
    "broken-toml": ("apps/hello/app.toml: not TOML", "line 2"),
    "not-utf8": ("apps/hello/app.toml: not UTF-8", "Save it as UTF-8"),
    "wrong-type": ("apps/hello/app.toml:4: run.port: should be a whole number, not a string",),
    "app-without-dockerfile": ("apps/hello/app.toml: the app 'hello' has no Dockerfile", "dockerfiles/hello/single.Dockerfile"),
    "missing-context": ("apps/hello/app.toml:1: context: 'src' is not a folder",),
    "context-out": ("apps/hello/app.toml:1: context: '../../..' leads out of the project",),
    "bad-app-name": ("apps/Hello_: 'Hello_' can't be an image's name",),
    "bad-variant-name": ("Multi Stage.Dockerfile: 'Multi Stage' can't be an image's tag",),
    "duplicate-check": ("apps/hello/app.toml:5: check[2].name: a second check named 'adds'",),
    "check-without-name": ("apps/hello/app.toml:1: check[1].name: missing",),
    "bad-pattern": ("apps/hello/app.toml:3: check[1].stdout: '(' is not a regular expression",),
    "bad-memory": ("apps/hello/app.toml:2: run.memory: 'much' is not a size",),
    "duplicate-dockerfile": ("Dockerfile: a duplicate of single.Dockerfile",),
    "variant-without-dockerfile": ("apps/hello/app.toml: variants.singel: there is no such Dockerfile", "Did you mean 'single'?"),
    "variant-from-nothing": ("apps/hello/app.toml: variants.debug.from: there is no Dockerfile of a variant 'distroles'", "Did you mean 'distroless'?"),
    "variant-without-arg": ("apps/hello/app.toml: variants.debug.args: distroless.Dockerfile has no ARG DISTROLES", "Did you mean 'DISTROLESS'?"),
    "stray-dockerfile": ("dockerfiles/helo/single.Dockerfile: no app 'helo'", "Did you mean 'hello'?"),
    "unknown-baseline": ("apps/hello/app.toml: baseline: there is no variant 'singel'", "Did you mean 'single'?"),
    "budget-unknown-key": ("apps/hello/app.toml:2: budget.szie: unknown key", "Did you mean 'size'?"),
    "budget-wrong-unit": ("apps/hello/app.toml:2: budget.size: '12MiB' is in powers of two", 'write "12.6MB"'),
    "budget-unknown-variant": ("apps/hello/app.toml: budget.singel: there is no such Dockerfile", "Did you mean 'single'?"),
    "bad-prefix": ("tareweight.toml: prefix: 'Tare Weight' can't begin an image's name",),
    "settings-unknown-key": ("tareweight.toml:1: job: unknown key", "Did you mean 'jobs'?"),
    "settings-wrong-type": ("tareweight.toml:1: jobs: should be a whole number, not a string",),
    "settings-missing-secret": ("tareweight.toml:1: secrets: npm: ", "is not a file"),
}
OPTIONS = {
    ("build-all", "--app", "helo"): ("--app helo: unknown app", "Did you mean 'hello'?"),
    ("build-all", "--variant", "singel"): ("--variant singel: unknown variant", "Did you mean 'single'?"),
    ("verify", "--app", "zzz"): ("--app zzz: unknown app", "Known: hello"),
    ("build-all", "--set", "GO_VERSION"): ("--set GO_VERSION: not K=V",),
    ("build-all", "--set", "NOPE=1"): ("--set NOPE: no chosen Dockerfile has ARG NOPE",),
    ("build-all", "--jobs", "0"): ("--jobs: '0' is not a whole number from 1 to 64",),
    ("build-all", "--jobs", "many"): ("--jobs: 'many' is not",),
    ("build-all", "--bases", "alpine"): ("--bases: 'alpine' is none of auto, upstream, debian",),
    ("build-all", "--tag", "a b"): ("--tag a b: ", "can't be an image's tag"),
    ("build-all", "--tag", "git"): ("--tag git: this is no git repository",),
    ("compare", "--format", "yaml"): ("--format", "yaml", "table"),
    ("build-all", "--nope"): ("--nope", "tare --list"),
    ("biuld",): ("biuld", "tare --list"),
    ("compare", "--sort"): ("sort", "tare --list"),
    ("list", "--app", "a\nb"): ("--app a b: unknown app",),
}


@dataclass(frozen=True)
class Done:
    """A command that came to its end."""

    returncode: int
    stdout: str
    stderr: str


Tare = Callable[..., Done]


def environment(folder: Path) -> dict[str, str]:
    """A dead engine: bad input has to be told before any engine is asked."""
    return {"DOCKER_HOST": "unix:///nonexistent/docker.sock", "GIT_CEILING_DIRECTORIES": str(folder.parent)}


@pytest.fixture
def tare(project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Tare:
    """The command `tare` in the project, in this process: forty new interpreters would take ten seconds."""

    def run(*words: str, **env: str) -> Done:
        monkeypatch.chdir(project)
        for key, value in {**environment(project), **env}.items():
            monkeypatch.setenv(key, value)
        monkeypatch.setattr(sys, "argv", ["tare", *words])
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Done(code, *capfd.readouterr())

    return run


def apart(argv: list[str], folder: Path) -> Done:
    """The same in a process of its own."""
    done = subprocess.run(argv, cwd=folder, env={**os.environ, **environment(folder)}, capture_output=True, text=True, timeout=60, check=False)
    return Done(done.returncode, done.stdout, done.stderr)


def one_line(done: Done, code: int, *parts: str) -> None:
    assert done.returncode == code, done
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("tareweight: ")
    for part in parts:
        assert part in lines[0]


@pytest.fixture
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return Path(shutil.copytree(PROJECTS / getattr(request, "param", "good"), tmp_path / "project"))


@pytest.mark.parametrize(("project", "parts"), BAD.items(), indirect=["project"], ids=list(BAD))
def test_broken_project(tare: Tare, parts: tuple[str, ...]) -> None:
    one_line(tare("build-all"), 2, *parts)


@pytest.mark.parametrize(("words", "parts"), OPTIONS.items(), ids=[" ".join(words).replace("\n", " ") for words in OPTIONS])
def test_bad_option(tare: Tare, words: tuple[str, ...], parts: tuple[str, ...]) -> None:
    one_line(tare(*words), 2, *parts)


@pytest.mark.parametrize(("name", "value"), [("TAREWEIGHT_PREFIX", "A"), ("TAREWEIGHT_BASES", "alpine"), ("TAREWEIGHT_JOBS", "x")])
def test_bad_environment(tare: Tare, name: str, value: str) -> None:
    one_line(tare("list", **{name: value}), 2, name, value)


@pytest.mark.parametrize("task", ["build-all", "compare", "verify", "bake", "bases", "clean"])
def test_no_engine(tare: Tare, task: str) -> None:
    one_line(tare(task), 3)


@pytest.mark.parametrize("project", ["no-from"], indirect=True)
def test_a_bad_dockerfile_fails_its_target_alone(tare: Tare) -> None:
    done = tare("list")
    assert done.returncode == 0, done
    rows = done.stdout.splitlines()
    assert rows[0].startswith("hello:single")
    assert "single.Dockerfile: no FROM" in rows[0]
    assert rows[1].split() == ["hello:good", "scratch"]


def test_every_project_is_used() -> None:
    assert {folder.name for folder in PROJECTS.iterdir()} == {*BAD, "good", "no-from", "advice"}


@pytest.mark.parametrize("words", [("build-all", "--jobs", "0"), ("build-all", "--app", "helo"), ("compare", "--format", "yaml")])
def test_the_same_through_invoke(project: Path, words: tuple[str, ...]) -> None:
    (project / "tasks.py").write_text("from tareweight.tasks import namespace\n")
    one_line(apart([sys.executable, "-m", "invoke", *words], project), 2, *words[1:2])


def test_no_engine_in_a_process_of_its_own(project: Path) -> None:
    one_line(apart([sys.executable, "-c", "from tareweight.cli import main; main()", "build-all"], project), 3, "Docker Engine")
