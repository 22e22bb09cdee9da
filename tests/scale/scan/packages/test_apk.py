"""Alpine's packages, from databases that are whole, cut off or no database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tareweight.scale.scan.packages import apk
from tareweight.scale.scan.tree import Tree

Plant = Callable[..., Tree]
DATABASE = "lib/apk/db/installed"
TEXT = """\
C:Q1abc=
P:busybox-binsh
V:1.37.0-r12
A:x86_64
o:busybox
F:bin
R:sh
a:0:0:777
F:usr/share
R:text
F:
R:top

P:musl
V:1.2.5-r9
o:musl
F:lib
M:0:0:755
R:ld-musl-x86_64.so.1

"""
FILES = {"usr/bin/sh": "", "usr/share/text": "", "top": "", "lib/ld-musl-x86_64.so.1": ""}


@pytest.mark.parametrize("database", [DATABASE, f"usr/{DATABASE}"])
def test_packages_and_their_files(plant: Plant, database: str) -> None:
    tree = plant({database: TEXT, **FILES}, links={"bin": "usr/bin"})
    assert [tuple(one) for one in apk.read(tree)] == [
        ("apk", "busybox-binsh", "1.37.0-r12", ["usr/bin/sh", "usr/share/text", "top"], "", "busybox"),
        ("apk", "musl", "1.2.5-r9", ["lib/ld-musl-x86_64.so.1"], "", ""),
    ]
    assert tree.notes == []


def test_a_database_that_is_cut_off(plant: Plant) -> None:
    tree = plant({DATABASE: TEXT[: TEXT.index("V:1.2.5")], **FILES})
    assert [one.name for one in apk.read(tree)] == ["busybox-binsh"]
    assert tree.notes == [f"/{DATABASE}: damaged or cut off; the last package that it describes is busybox-binsh"]


def test_paths_stay_inside_the_tree(plant: Plant, tmp_path: Path) -> None:
    (tmp_path.parent / "etc").mkdir(exist_ok=True)
    tree = plant({DATABASE: "P:a\nV:1\nF:../..\nR:etc\nF:/lib\nR:../top\nR:\nF:lib/..\nR:top\n", "top": ""})
    assert [one.owns for one in apk.read(tree)] == [["top", "top"]]


@pytest.mark.parametrize("data", [b"", b"\0" * 100, b"\xff\n\n\xff\n", b"R:x\nF:y\n"])
def test_rubbish_is_no_package(plant: Plant, data: bytes) -> None:
    tree = plant({DATABASE: data})
    assert list(apk.read(tree)) == []
    assert tree.notes
