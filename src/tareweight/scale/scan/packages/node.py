"""Node's packages: every folder directly in a node_modules that has a package.json with a name and a version."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from ..tree import Found, Tree
from .paths import gather
from .text import label

_BIGGEST = 1_000_000
_STEP = re.compile(r"(?:@[^/]+/)?[^/@.][^/]*")
_STORE = re.compile(r"\.[^/]+/[^/]+")
"""pnpm and its like keep each package in node_modules/.pnpm/<name>@<version>/node_modules/<name>."""


def read(tree: Tree) -> Iterator[Found]:
    """The packages, each with the files in its folder, but for those of packages nested in it."""
    told = {}
    for path in sorted(tree.names.get("package.json", [])):
        if _is_package(path):
            name, version = _described(tree, path)
            if name and version:
                told[path[: -len("/package.json")]] = name, version
    owned = gather(tree, told)
    for folder, (name, version) in told.items():
        yield Found("npm", name, version, owned[folder], f"/{folder}")


def _is_package(path: str) -> bool:
    """Whether Node would find it by name: what a package carries for its own tests lies deeper."""
    steps = f"/{path[: -len('/package.json')]}".split("/node_modules/")[1:]
    return bool(steps) and bool(_STEP.fullmatch(steps[-1])) and all(_STEP.fullmatch(step) or _STORE.fullmatch(step) for step in steps[:-1])


def _described(tree: Tree, path: str) -> tuple[str, str]:
    """Name and version; empty, with a note, where the file says neither or nothing that can be read."""
    if tree.files[path].size > _BIGGEST:
        tree.note(f"/{path}: too big for a package.json")
        return "", ""
    try:
        told = json.loads(tree.read(path, _BIGGEST))
    except (ValueError, RecursionError):
        tree.note(f"/{path}: not JSON")
        return "", ""
    name, version = (told.get("name"), told.get("version")) if isinstance(told, dict) else (None, None)
    if not isinstance(name, str) or not isinstance(version, str):
        tree.note(f"/{path}: no name and version")
        return "", ""
    return label(name), label(version)
