"""What the tests on real images share: the engine, the scanner's base, and small images of the tests' own."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tareweight import settings
from tareweight.bases import resolve
from tareweight.bases.make import make
from tareweight.bases.resolve import Base
from tareweight.engine.client import Engine, connect
from tareweight.scale import beside

ROOT = Path(__file__).parents[2]


def docker(*words: str, stdin: bytes = b"") -> str:
    """What `docker` prints."""
    return subprocess.run(["docker", *words], input=stdin, capture_output=True, check=True).stdout.decode().strip()


def packed(folder: Path) -> bytes:
    """A folder as a tar archive, its files root's."""
    return subprocess.run(["tar", "-C", folder, "--owner=0", "--group=0", "-c", "."], capture_output=True, check=True).stdout


Import = Callable[..., str]


@pytest.fixture(scope="session")
def engine() -> Engine:
    return connect()


@pytest.fixture(scope="session")
def scanner() -> Callable[[], Base]:
    """The resolved base of the scanner, made where it is missing."""
    found = settings.read(ROOT)
    bases = resolve.resolve([beside.SCANNER], settings=found, mode="auto")
    bundle = found.secrets.get("ca-bundle")
    resolve.make_all(bases, lambda recipe: make(recipe, tare=found.tare, builder=None, ca_bundle=bundle, say=lambda _: None), 1)
    return lambda: bases[beside.SCANNER]


@pytest.fixture
def prefix() -> Iterator[str]:
    """The names of a test's images begin with it; they are gone after the test."""
    name = f"tareweight-test-scale-{os.getpid()}-{secrets.token_hex(3)}"
    yield name
    listed = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference={name}/*").split()
    if listed:
        docker("image", "rm", "--force", *listed)


@pytest.fixture
def imported(tmp_path: Path, prefix: str) -> Import:
    """`imported("name:tag", {"path": b"content"}, "--platform", ...)`: an image of these files alone; its name."""

    def make_one(name: str, files: dict[str, bytes], *words: str) -> str:
        root = tmp_path / secrets.token_hex(4)
        root.mkdir()
        for path, content in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
        docker("import", *words, "-", f"{prefix}/{name}", stdin=packed(root))
        return f"{prefix}/{name}"

    return make_one
