"""Where a package's list leads."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tareweight.scale.scan.packages import ALL
from tareweight.scale.scan.packages.paths import gather, present, under, within
from tareweight.scale.scan.tree import Tree

Plant = Callable[..., Tree]


@pytest.mark.parametrize(
    ("folder", "path", "meant"),
    [
        ("a/b", "c/d.py", "a/b/c/d.py"),
        ("a/b", "../../../../x", "x"),
        ("a/b", "../bin/x", "a/bin/x"),
        ("a/b", "/etc/x", "etc/x"),
        ("a/b", "//etc/../x", "x"),
        ("a/b", "./c", "a/b/c"),
        ("a/b", "..", "a"),
        ("", "x", "x"),
        ("", "..", ""),
    ],
)
def test_a_path_is_meant_inside_the_tree(folder: str, path: str, meant: str) -> None:
    assert within(folder, path) == meant


def test_present_follows_folders_and_leaves_links(plant: Plant) -> None:
    tree = plant({"usr/lib/a": "", "usr/lib/sub/b": ""}, links={"lib": "usr/lib", "usr/lib/link": "a", "l2": "lib/sub"})
    assert present(tree, ["lib/a", "usr/lib/a", "lib/link", "usr/lib/link", "usr/lib", "l2/b", "lib/none", "", "/"], {}) == [
        "usr/lib/a", "usr/lib/a", "usr/lib/sub/b"
    ]  # fmt: skip


def test_gather_gives_each_file_to_the_nearest_folder(plant: Plant) -> None:
    tree = plant({"a/1": "", "a/b/2": "", "a/b/c/3": "", "a/bc/4": "", "5": "", "d/6": ""})
    assert {home: sorted(paths) for home, paths in gather(tree, ["a", "a/b", "none"]).items()} == {
        "a": ["a/1", "a/bc/4"], "a/b": ["a/b/2", "a/b/c/3"], "none": []
    }  # fmt: skip
    assert gather(tree, []) == {}
    assert sorted(under(tree, "a/b", "d")) == ["a/b/2", "a/b/c/3", "d/6"]
    assert under(tree) == []


def test_an_empty_tree_has_no_packages(plant: Plant) -> None:
    tree = plant({})
    assert [list(read(tree)) for read in ALL] == [[]] * 7
    assert tree.notes == []
