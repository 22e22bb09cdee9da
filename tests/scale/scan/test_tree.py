"""The walk: what it counts, and that a hostile tree can't lead it astray, keep it waiting or fill the memory."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tareweight.scale.scan import tree as module
from tareweight.scale.scan.tree import Tree

Lay = Callable[..., Path]


def test_sizes_and_counts(lay: Lay) -> None:
    root = lay({"a/one": "12345", "two": "123", "link": "->a/one"})
    (root / "a" / "again").hardlink_to(root / "two")
    tree = Tree(str(root))
    assert (tree.size, tree.count, tree.link_bytes) == (8, 3, 5)
    assert sum(file.bytes for file in tree.files.values()) == tree.size
    assert tree.links == {"link": "a/one"}
    assert set(tree.folders) == {"", "a"}
    assert tree.names["one"] == ["a/one"]
    assert tree.complete
    told = subprocess.run(["du", "-s", "--block-size=512", root], capture_output=True, text=True, check=True).stdout
    assert tree.blocks == int(told.split()[0]) * 512


def test_a_hard_link_counts_at_its_first_name_until_told_otherwise(lay: Lay) -> None:
    root = lay({"store/x": "1234"})
    for name in ("a", "b"):
        (root / name).hardlink_to(root / "store/x")
    tree = Tree(str(root))
    assert [path for path, file in tree.files.items() if file.first] == ["a"]
    tree.count_at("store/x")
    tree.count_at("b")
    assert [path for path, file in tree.files.items() if file.first] == ["b"]
    assert tree.twins["a"][0] == "b"


def test_links_are_resolved_inside(lay: Lay) -> None:
    outside = "../" * 30
    files = {"usr/bin/ls": "x", "bin": "->usr/bin", "up": f"->{outside}usr", "loop": "->loop/a", "etc": "->/usr", "out": "->/../../../etc"}
    tree = Tree(str(lay(files)))
    assert tree.locate("bin/ls") == "usr/bin/ls"
    assert tree.locate("up/bin/ls") == "usr/bin/ls"
    assert tree.locate("etc/bin/ls") == "usr/bin/ls"
    assert tree.locate("bin") == ""
    assert tree.locate("loop/x") == ""
    assert tree.resolve("out/bin/ls") == "usr/bin/ls"
    assert tree.locate("bin/none") == ""


def test_links_are_not_read(lay: Lay, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    tree = Tree(str(lay({"link": f"->{tmp_path}/secret", "file": "x"})))
    assert tree.read("link") == b""
    assert tree.open("link") is None
    assert tree.read("../secret") == b""


def test_a_folder_that_became_a_link_is_not_followed(lay: Lay, tmp_path: Path) -> None:
    root = lay({"file": "x"})
    (tmp_path / "elsewhere").mkdir()
    tree = Tree(str(root))
    (root / "file").unlink()
    (root / "file").symlink_to(tmp_path / "elsewhere")
    assert tree.read("file") == b""
    assert "/file: can't be read" in tree.notes[0]


def test_special_files_are_never_opened(lay: Lay) -> None:
    root = lay({"file": "x"})
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "socket"))
        tree = Tree(str(root))
        assert list(tree.files) == ["file"]
        assert tree.open("fifo") is None
        assert tree.read("socket") == b""


def test_a_huge_sparse_file(lay: Lay) -> None:
    root = lay({"file": ""})
    with (root / "file").open("wb") as file:
        file.truncate(1 << 40)
    tree = Tree(str(root))
    assert tree.size == 1 << 40
    assert len(tree.read("file", 100)) == 100
    assert tree.blocks < 1 << 20


def test_names_of_any_bytes(lay: Lay) -> None:
    root = lay({})
    names = [b"new\nline", b"\xff\xfe", b"\x1b[31mred", b"\\", b"'\""]
    for name in names:
        Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_bytes(b"x")
    tree = Tree(str(root))
    assert sorted(os.fsencode(path) for path in tree.files) == sorted(names)
    assert all(tree.read(path) == b"x" for path in tree.files)


def test_a_deep_tree_is_walked_as_far_as_paths_go(lay: Lay) -> None:
    root = lay({"file": "1"})
    descriptor = os.open(root, os.O_RDONLY)
    try:
        for _ in range(3000):
            os.mkdir("d", dir_fd=descriptor)
            below = os.open("d", os.O_RDONLY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
    finally:
        os.close(descriptor)
    tree = Tree(str(root))
    assert len(tree.folders) > 2000
    assert not tree.complete
    assert "too long" in tree.notes[0]
    assert tree.size == 1
    subprocess.run(["rm", "-rf", root], check=True)


def test_a_tree_beyond_the_limit_is_counted(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ENTRIES", 20)
    tree = Tree(str(lay({f"d{n % 3}/f{n}": "12" for n in range(50)})))
    assert (tree.size, tree.count) == (100, 50)
    assert len(tree.files) + len(tree.folders) == 20
    assert not tree.complete
    assert tree.notes == ["more than 20 entries: the rest is counted, and not looked at"]


def test_notes_are_bounded(lay: Lay) -> None:
    tree = Tree(str(lay({})))
    for number in range(1000):
        tree.note(str(number))
        tree.note("0")
    assert len(tree.notes) == module.MOST_NOTES


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="No such file"):
        Tree(str(tmp_path / "none"))
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit, match="Not a directory"):
        Tree(str(tmp_path / "file"))
