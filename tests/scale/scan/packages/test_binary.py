"""Interpreters and toolchains that no package owns."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tareweight.scale.scan.packages import binary
from tareweight.scale.scan.tree import Found, Tree

Plant = Callable[..., Tree]
HEADER = "#define NODE_MAJOR_VERSION 24\n#define NODE_MINOR_VERSION 1\n#define NODE_PATCH_VERSION 0\n"


def one(tree: Tree) -> Found:
    (package,) = binary.read(tree)
    assert package.type == "generic"
    return package._replace(owns=sorted(path for path in set(package.owns) if path in tree.files))


def test_node_by_its_header(plant: Plant) -> None:
    files = {"usr/local/bin/node": "x", "usr/local/include/node/node_version.h": HEADER, "usr/local/LICENSE": "", "usr/local/lib/node_modules/npm/x": ""}
    package = one(plant(files, programs=("usr/local/bin/node",)))
    assert (package.name, package.version, package.path) == ("node", "24.1.0", "/usr/local/bin/node")
    assert package.owns == ["usr/local/LICENSE", "usr/local/bin/node", "usr/local/include/node/node_version.h"]


def test_node_by_what_the_program_says(plant: Plant) -> None:
    told = b"\0" * 5000 + b"nodejs.org/download/release/vX nodejs.org/download/release/v16.20.2/node"
    assert one(plant({"nodejs/bin/node": told}, programs=("nodejs/bin/node",))).version == "16.20.2"


@pytest.mark.parametrize("where", ["include/python3.13/patchlevel.h", "bin/python3.13", "lib/libpython3.13.so.1.0"])
def test_python_and_its_library_without_what_is_installed(plant: Plant, where: str) -> None:
    files: dict[str, bytes] = {
        "usr/local/bin/python3.13": b"x",
        "usr/local/bin/pydoc3.13": b"",
        "usr/local/bin/pip3.13": b"",
        "usr/local/include/python3.13/Python.h": b"",
        "usr/local/lib/libpython3.13.so.1.0": b"x",
        "usr/local/lib/python3.13/os.py": b"",
        "usr/local/lib/python3.13/site-packages/pip/a.py": b"",
        "usr/local/lib/python3.12/os.py": b"",
    }
    files[f"usr/local/{where}"] = b'#define PY_VERSION\t"3.13.5"' if where.endswith(".h") else b"\0003.13.x\0003.13.5\0"
    package = one(plant(files, programs=("usr/local/bin/python3.13",)))
    assert (package.name, package.version) == ("python", "3.13.5")
    assert set(package.owns) == set(files) - {
        "usr/local/bin/pip3.13", "usr/local/lib/python3.13/site-packages/pip/a.py", "usr/local/lib/python3.12/os.py"
    }  # fmt: skip


def test_a_go_toolchain(plant: Plant) -> None:
    package = one(plant({"usr/local/go/VERSION": "go1.24.4\ntime x\n", "usr/local/go/bin/go": "", "usr/local/go/src/a/b.go": "", "go/x": ""}))
    assert (package.name, package.version, package.path) == ("go", "1.24.4", "/usr/local/go")
    assert package.owns == ["usr/local/go/VERSION", "usr/local/go/bin/go", "usr/local/go/src/a/b.go"]


@pytest.mark.parametrize(("more", "name"), [({}, "jre"), ({"opt/java/bin/javac": ""}, "jdk")])
def test_java(plant: Plant, more: dict[str, str], name: str) -> None:
    files = {"opt/java/release": 'IMPLEMENTOR="X"\nJAVA_VERSION="21.0.2"\n', "opt/java/bin/java": "", "opt/java/lib/modules": "", **more}
    package = one(plant(files))
    assert (package.name, package.version, package.path, package.owns) == (name, "21.0.2", "/opt/java", sorted(files))


@pytest.mark.parametrize("folder", ["", "busybox/"])
def test_busybox_with_its_hard_links(plant: Plant, tmp_path: Path, folder: str) -> None:
    path = f"{folder}busybox"
    plant({path: b"\0BusyBox v1.37.0 (Debian)"}, programs=(path,))
    os.link(tmp_path / path, tmp_path / f"{folder}sh")
    (tmp_path / f"{folder}other").write_text("x")
    package = one(Tree(str(tmp_path)))
    assert (package.name, package.version, package.owns) == ("busybox", "1.37.0", [path, f"{folder}sh"])


def test_what_a_package_owns_is_not_told_again(plant: Plant) -> None:
    programs = ("usr/bin/node", "usr/bin/python3.13", "bin/busybox", "usr/lib/go/bin/go", "jvm/bin/java")
    files = {
        "usr/bin/node": "nodejs.org/download/release/v16.20.2", "usr/bin/python3.13": "\0003.13.5\0", "bin/busybox": "BusyBox v1.0",
        "usr/lib/go/bin/go": "", "usr/lib/go/VERSION": "go1.24", "jvm/bin/java": "", "jvm/release": "JAVA_VERSION=21",
    }  # fmt: skip
    tree = plant(files, programs=programs)
    assert len(list(binary.read(tree))) == 5
    for path in programs:
        tree.files[path].owner = 0
    assert list(binary.read(tree)) == []


def test_names_alone_are_nothing(plant: Plant) -> None:
    files: dict[str, str] = {
        "usr/bin/node": "x", "usr/share/node": "nodejs.org/download/release/v16.20.2", "usr/bin/python3.13": "", "bin/busybox": "",
        "a/VERSION": "go1.24", "b/VERSION": "1.0", "b/bin/go": "", "release": "JAVA_VERSION=21", "c/release": "x", "c/bin/java": "",
    }  # fmt: skip
    tree = plant(files, programs=("usr/bin/node", "usr/bin/python3.13", "bin/busybox", "usr/share/node"))
    assert list(binary.read(tree)) == []
    assert tree.notes == []


def test_a_program_full_of_false_hits_is_given_up(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary, "_MOST_TRIES", 10)
    tree = plant({"bin/busybox": "BusyBox v" * 20 + "BusyBox v1.2"}, programs=("bin/busybox",))
    assert list(binary.read(tree)) == []


@pytest.mark.engine
def test_agrees_with_the_copied_node(take: Callable[..., Path], inside: Callable[[str, str], str]) -> None:
    root = take("frontend", "usr/local/bin", "usr/local/include")
    version = inside("frontend", "node --version").strip()
    assert f"v{one(Tree(str(root))).version}" == version
    (root / "usr/local/include/node/node_version.h").unlink()
    assert f"v{one(Tree(str(root))).version}" == version
