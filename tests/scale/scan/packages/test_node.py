"""Node's packages: nested, scoped and stored ones, and package.json files that lie."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tareweight.scale.scan.packages import node
from tareweight.scale.scan.tree import Tree

Plant = Callable[..., Tree]


def described(name: str, version: str = "1.0.0") -> str:
    return json.dumps({"name": name, "version": version})


def test_each_package_owns_its_folder_but_not_what_is_nested(plant: Plant) -> None:
    tree = plant(
        {
            "app/package.json": described("app"),
            "app/node_modules/.package-lock.json": "{}",
            "app/node_modules/a/package.json": described("a"),
            "app/node_modules/a/lib/deep/x.js": "",
            "app/node_modules/a/lib/package.json": '{"type": "module"}',
            "app/node_modules/a/node_modules/b/package.json": described("b", "2.0.0"),
            "app/node_modules/a/node_modules/b/b.js": "",
            "app/node_modules/a/test/node_modules/planted/package.json": described("planted"),
            "app/node_modules/@s/c/package.json": described("@s/c"),
            "app/node_modules/ab/package.json": described("ab"),
            "app/node_modules/.pnpm/d@1/node_modules/d/package.json": described("d"),
            "app/node_modules/.bin/package.json": described("bin"),
            "my_node_modules/e/package.json": described("e"),
        }
    )
    assert {one.path: (one.type, one.name, one.version, sorted(one.owns)) for one in node.read(tree)} == {
        "/app/node_modules/a": (
            "npm", "a", "1.0.0",
            [
                "app/node_modules/a/lib/deep/x.js",
                "app/node_modules/a/lib/package.json",
                "app/node_modules/a/package.json",
                "app/node_modules/a/test/node_modules/planted/package.json",
            ],
        ),
        "/app/node_modules/a/node_modules/b": (
            "npm", "b", "2.0.0", ["app/node_modules/a/node_modules/b/b.js", "app/node_modules/a/node_modules/b/package.json"]
        ),
        "/app/node_modules/@s/c": ("npm", "@s/c", "1.0.0", ["app/node_modules/@s/c/package.json"]),
        "/app/node_modules/ab": ("npm", "ab", "1.0.0", ["app/node_modules/ab/package.json"]),
        "/app/node_modules/.pnpm/d@1/node_modules/d": ("npm", "d", "1.0.0", ["app/node_modules/.pnpm/d@1/node_modules/d/package.json"]),
    }  # fmt: skip
    assert tree.notes == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"version": ' + "9" * 10_000 + "}", ""),
        (b"\xff\xfe\0", "not JSON"),
        ("[]", "no name and version"),
        ('{"name": "a"}', "no name and version"),
        ('{"name": ["a"], "version": {}}', "no name and version"),
        ('{"name": "a", "version": "1", "x": "' + "y" * 1_000_000 + '"}', "too big for a package.json"),
    ],
)
def test_files_that_lie_are_noted(plant: Plant, content: str | bytes, why: str) -> None:
    tree = plant({"node_modules/a/package.json": content, "node_modules/b/package.json": described("b")})
    assert [one.name for one in node.read(tree)] == ["b"]
    assert len(tree.notes) == 1
    assert tree.notes[0].startswith("/node_modules/a/package.json: ")
    assert why in tree.notes[0]


def test_names_that_lie_can_be_kept(plant: Plant) -> None:
    tree = plant({"node_modules/a/package.json": '{"name": "\\ud800", "version": "' + "1" * 1000 + '"}', "node_modules/b/package.json": described(" ")})
    (package,) = node.read(tree)
    assert (package.name, len(package.version)) == ("?", 200)


@pytest.mark.engine
def test_agrees_with_npm(take: Callable[..., Path], inside: Callable[[str, str], str]) -> None:
    tree = Tree(str(take("frontend", "app", "usr/local/lib/node_modules")))
    told = inside("frontend", "cd /app; npm ls --all --parseable --long; npm ls --global --all --parseable --long")
    rows = {tuple(line.split(":")[:2]) for line in told.splitlines() if "/node_modules/" in line}
    listed = {(path, name) for path, name in rows if not name.endswith("undefined")}
    assert len(listed) > 150
    assert {(one.path, f"{one.name}@{one.version}") for one in node.read(tree)} == listed
