"""Which package gets a file, and what a parser that fails costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tareweight.scale.scan import claims
from tareweight.scale.scan.claims import Reader, claim
from tareweight.scale.scan.tree import Found, Tree

Lay = Callable[..., Path]


def reader(*found: Found) -> Reader:
    def read(_: Tree) -> Iterator[Found]:
        yield from found

    return read


def owners(tree: Tree, packages: list[Found]) -> dict[str, str]:
    return {path: packages[file.owner].name for path, file in tree.files.items() if file.owner >= 0}


def test_the_first_claim_wins(lay: Lay) -> None:
    tree = Tree(str(lay({"usr/bin/ls": "x", "usr/lib/y": "y", "bin": "->usr/bin", "usr/lib/link": "->y"})))
    one = Found("deb", "one", "1", ["bin/ls", "usr", "nowhere"])
    two = Found("pypi", "two", "1", ["usr/bin/ls", "usr/lib/y"])
    three = Found("npm", "three", "1", ["usr/lib/link", "../../usr/lib/y"])
    packages = claim(tree, [reader(one), reader(two, three)], set())
    assert [package.name for package in packages] == ["one", "two", "three"]
    assert owners(tree, packages) == {"usr/bin/ls": "one", "usr/lib/y": "two"}


def test_a_parser_that_fails_ends_alone(lay: Lay) -> None:
    def fails(_: Tree) -> Iterator[Found]:
        yield Found("deb", "kept", "1", ["a"])
        raise RecursionError("too deep")

    tree = Tree(str(lay({"a": "", "b": ""})))
    packages = claim(tree, [fails, reader(Found("apk", "other", "1", ["b"]))], set())
    assert owners(tree, packages) == {"a": "kept", "b": "other"}
    assert tree.notes == ["test_claims packages: RecursionError: too deep"]
    assert not tree.complete


def test_more_packages_than_fit(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "MOST_PACKAGES", 10)
    tree = Tree(str(lay({})))
    assert len(claim(tree, [reader(*(Found("deb", str(n), "1", []) for n in range(100)))], set())) == 10
    assert tree.notes
    assert not tree.complete


def test_packages_in_a_cache_are_not_installed(lay: Lay) -> None:
    tree = Tree(str(lay({"cache/x/a.py": "", "cache/b": "", "tool": ""})))
    for path in ("cache/x/a.py", "cache/b"):
        tree.files[path].place = "leftover"
    cached = Found("pypi", "cached", "1", ["cache/x/a.py"], "/cache/x")
    module = Found("golang", "module", "1", [], "/cache/b")
    interpreter = Found("generic", "python", "3", ["cache/b"])
    empty = Found("pypi", "empty", "1", [])
    packages = claim(tree, [reader(cached, module, interpreter, empty)], {"cache", "cache/x"})
    assert [package.name for package in packages] == ["empty"]
    assert tree.files["cache/b"].owner == -1


def test_what_an_os_package_owns_is_not_left_behind(lay: Lay) -> None:
    tree = Tree(str(lay({"var/log/x": "x"})))
    tree.files["var/log/x"].place = "leftover"
    claim(tree, [reader(Found("deb", "logs", "1", ["var/log/x"]))], {"var/log"})
    assert tree.files["var/log/x"].place == ""


def test_a_package_has_the_bytes_of_its_hard_link_into_a_store(lay: Lay) -> None:
    root = lay({"a-store/x": "1234"})
    (root / "node_modules").mkdir()
    (root / "node_modules/x").hardlink_to(root / "a-store/x")
    tree = Tree(str(root))
    assert not tree.files["node_modules/x"].first
    claim(tree, [reader(Found("npm", "x", "1", ["node_modules/x"]))], set())
    assert tree.files["node_modules/x"].bytes == 4
    assert tree.files["a-store/x"].bytes == 0
