"""Trees to read packages from: planted ones, and parts of the apps' own images."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tareweight.scale.scan.tree import Tree

ROOT = Path(__file__).resolve().parents[4]
GIVEN = dict(os.environ)
Plant = Callable[..., Tree]
Take = Callable[..., Path]
Inside = Callable[[str, str], str]


def _plant(root: Path, files: Mapping[str, str | bytes], links: Mapping[str, str] | None = None, programs: tuple[str, ...] = ()) -> Tree:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(0o755 if name in programs else 0o644)
    for name, target in (links or {}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(target)
    return Tree(str(root))


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """`plant({path: content}, links={path: target}, programs=(path, ...))`: the tree that has these."""
    return lambda files, links=None, programs=(): _plant(tmp_path, files, links, programs)


def _image(app: str) -> str:
    image = f"tareweight/{app}:single"
    if subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False).returncode:
        words = [sys.executable, "-m", "invoke", "build", "--app", app, "--variant", "single"]
        subprocess.run(words, cwd=ROOT, env=GIVEN, capture_output=True, check=True)
    return image


def _inside(app: str, script: str) -> str:
    words = ["docker", "run", "--rm", "--network", "none", "--entrypoint", "sh", _image(app), "-euc", script]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def inside() -> Inside:
    """`inside(app, script)`: what a shell in the app's single-stage image prints."""
    return _inside


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Take:
    """`take(app, path, ..., script=...)`: a folder with these paths of the app's single-stage image, once the script has run in it."""

    def copy(app: str, *paths: str, script: str = "true") -> Path:
        root = tmp_path_factory.mktemp(app)
        words = ["docker", "create", "--network", "none", "--entrypoint", "sh", _image(app), "-euc", script]
        name = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
        try:
            subprocess.run(["docker", "start", "--attach", name], capture_output=True, check=True)
            for path in paths:
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                subprocess.run(["docker", "cp", f"{name}:/{path}", str((root / path).parent)], capture_output=True, check=True)
        finally:
            subprocess.run(["docker", "rm", "--force", "--volumes", name], capture_output=True, check=True)
        return root

    return copy
