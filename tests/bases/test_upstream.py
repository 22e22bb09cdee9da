"""The upstream way, against a registry of the tests' own on 127.0.0.1."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests import machines

pytestmark = pytest.mark.engine


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True).stdout


@dataclass
class Registry:
    """`stop` ends it."""

    address: str
    folder: Path
    stop: Callable[[], None]

    def push(self, content: str) -> str:
        """Push an image with one file as <registry>/base:1, keep no local copy, and return its digest."""
        name = f"{self.address}/base:1"
        source = self.folder / "source"
        source.mkdir(exist_ok=True)
        (source / "file").write_text(content)
        (source / "Dockerfile").write_text("FROM scratch\nCOPY file /file\n")
        docker("buildx", "build", "--builder", "default", "--provenance=false", "--tag", name, str(source))
        docker("push", name)
        digest = json.loads(docker("image", "inspect", name))[0]["RepoDigests"][0].partition("@")[2]
        docker("image", "rm", name)
        return str(digest)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    folder = tmp_path / "registry"
    with ExitStack() as running:
        yield Registry(running.enter_context(machines.registry(folder)), folder, running.close)


@pytest.fixture
def project(tmp_path: Path, registry: Registry) -> Iterator[Path]:
    root = tmp_path / "project"
    for app, base in (("up", f"{registry.address}/base:1"), ("own", "scratch")):
        (root / "apps" / app).mkdir(parents=True)
        (root / "apps" / app / "app.toml").write_text("")
        (root / "apps" / app / "here").write_text(app)
        (root / "dockerfiles" / app).mkdir(parents=True)
        (root / "dockerfiles" / app / "single.Dockerfile").write_text(f"FROM {base}\nCOPY here /here\n")
    (root / "tareweight.toml").write_text(f'prefix = "tareweight-test-upstream-{os.getpid()}"\n')
    yield root
    tare(root, "clean")


def tare(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from tareweight.cli import main; sys.argv[0] = 'tare'; main()"
    environment = {key: value for key, value in os.environ.items() if key != "TAREWEIGHT_BASES"}
    return subprocess.run([sys.executable, "-c", code, *words], cwd=root, env=environment, capture_output=True, text=True, check=False)


def label(root: Path) -> str:
    images = json.loads(tare(root, "compare", "--format", "json").stdout)["rows"]
    name = next(row["image"] for row in images if row["app"] == "up")
    return str(json.loads(docker("image", "inspect", name))[0]["Config"]["Labels"]["org.opencontainers.image.base.digest"])


def test_a_base_is_pinned_by_digest_until_pull(project: Path, registry: Registry) -> None:
    first = registry.push("one")
    done = tare(project, "build-all", "--bases", "upstream")
    assert done.returncode == 0, done.stderr
    assert label(project) == first
    second = registry.push("two")
    assert first != second
    assert "2 up to date" in tare(project, "build-all", "--bases", "upstream").stderr
    done = tare(project, "build-all", "--pull")
    assert "1 built, 1 up to date" in done.stderr, done.stderr
    assert label(project) == second


def test_auto_takes_what_the_registry_has_and_says_so(project: Path, registry: Registry) -> None:
    registry.push("one")
    done = tare(project, "build-all")
    assert done.returncode == 0, done.stderr
    rows = json.loads(tare(project, "compare", "--format", "json").stdout)["rows"]
    assert next(row["base"]["source"] for row in rows if row["app"] == "up") == "upstream"


def test_without_a_registry_only_its_own_targets_fail(project: Path, registry: Registry) -> None:
    registry.stop()
    done = tare(project, "build-all", "compare")
    assert done.returncode == 1
    # The table comes all the same, with a row for what failed.
    assert "-- up ---" in done.stdout
    assert "1 built, 1 failed" in done.stderr
    assert "no recipe makes" in done.stderr
    rows = json.loads(tare(project, "compare", "--format", "json").stdout)["rows"]
    assert {row["app"]: row["state"] for row in rows} == {"own": "fresh", "up": "failed"}
