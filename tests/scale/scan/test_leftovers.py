"""What is left behind, and what only looks so."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from tareweight.scale.scan import scan
from tareweight.scale.scan.tree import Found

Lay = Callable[..., Path]
CORE = b"\x7fELF\x02\x01" + bytes(10) + struct.pack("<H", 4) + bytes(40)


def found(root: Path, *packages: Found) -> dict[str, tuple[str, int]]:
    told = scan.scan(str(root), {}, None, [lambda _: iter(packages)])
    assert told["classes"]["leftover"] == sum(size for _, _, size in told["leftovers"])
    return {path: (kind, size) for kind, path, size in told["leftovers"]}


PLACES = {
    "var/lib/apt/lists/deb.example_dists_InRelease": ("apt lists", "/var/lib/apt/lists"),
    "var/cache/apt/archives/x.deb": ("apt archives", "/var/cache/apt"),
    "var/cache/apt/pkgcache.bin": ("apt archives", "/var/cache/apt"),
    "var/cache/apk/APKINDEX.tar.gz": ("apk cache", "/var/cache/apk"),
    "root/.cache/pip/http/a/b": ("pip cache", "/root/.cache/pip"),
    "home/me/.npm/_cacache/x": ("npm cache", "/home/me/.npm"),
    "root/.cache/go-build/0a/x-d": ("go build cache", "/root/.cache/go-build"),
    "go/pkg/mod/cache/download/x": ("go module cache", "/go/pkg/mod"),
    "usr/local/cargo/registry/index/x": ("cargo registry", "/usr/local/cargo/registry"),
    "app/.git/objects/aa/bb": ("git history", "/app/.git"),
    "app/.env": (".env file", "/app/.env"),
    "app/.env.production": (".env file", "/app/.env.production"),
    "app/main.py~": ("editor's copy", "/app/main.py~"),
    "app/.main.py.swp": ("editor's copy", "/app/.main.py.swp"),
    "tmp/a/b/c": ("temporary files", "/tmp"),
    "var/log/dpkg.log": ("logs", "/var/log"),
    "var/lib/dpkg/status-old": ("old copy", "/var/lib/dpkg/status-old"),
    "etc/shadow-": ("old copy", "/etc/shadow-"),
    "root/.bash_history": ("log or history", "/root/.bash_history"),
    "app/__pycache__/gone.cpython-313.pyc": ("bytecode without its source", "/app/__pycache__/gone.cpython-313.pyc"),
}


@pytest.mark.parametrize(("path", "wanted"), PLACES.items(), ids=PLACES)
def test_places(lay: Lay, path: str, wanted: tuple[str, str]) -> None:
    assert found(lay({path: "123", "app/kept": "1"})) == {wanted[1]: (wanted[0], 3)}


INNOCENT = "app/.env.example var/cache/other/x app/pip/x app/cache opt/npm/x usr/bin/core etc/a-b lib/old x/log/y app/.github/x"


@pytest.mark.parametrize("path", INNOCENT.split())
def test_what_only_looks_so(lay: Lay, path: str) -> None:
    assert found(lay({path: "123"})) == {}


def test_bytecode_with_its_source_is_kept(lay: Lay) -> None:
    files = {"a/x.py": "", "a/__pycache__/x.cpython-313.opt-1.pyc": "1", "b/y.py": "->../a/x.py", "b/__pycache__/y.cpython-313.pyc": "1", "c/only.pyc": "1"}
    assert found(lay(files)) == {}


def test_a_core_dump_is_known_by_its_header(lay: Lay) -> None:
    assert found(lay({"app/core": CORE, "app/core.17": CORE, "usr/core/core": "text", "app/core.py": CORE})) == {
        "/app/core": ("core dump", len(CORE)),
        "/app/core.17": ("core dump", len(CORE)),
    }


def test_packages(lay: Lay) -> None:
    root = lay({"var/log/owned": "123", "root/.m2/repository/x.jar": "1234"})
    os_package = Found("deb", "logger", "1", ["var/log/owned"])
    cached = Found("maven", "x", "1", ["root/.m2/repository/x.jar"], "/root/.m2/repository/x.jar")
    assert found(root, os_package, cached) == {"/root/.m2/repository": ("maven cache", 4)}


def test_places_with_nothing_in_them_are_not_told(lay: Lay) -> None:
    root = lay({"var/lib/apt/lists/lock": "", "var/log/btmp": "", "app/.env": ""})
    (root / "tmp").mkdir()
    assert found(root) == {}


def test_most_bytes_first_and_bounded(lay: Lay) -> None:
    told = scan.scan(str(lay({f"app/{n:03}~": "x" * n for n in range(1, scan.MOST_FINDINGS + 20)})), {}, None, [])
    sizes = [size for _, _, size in told["leftovers"]]
    assert sizes == list(range(219, 19, -1))
    assert told["notes"] == ["things left behind: 219 of them, 200 are listed"]
