"""Which files of the tree a package's list means."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from ..tree import Tree

_DEEPEST = 100
_LONGEST = 4096
_MOST_FOLDERS = 100_000
_CACHE = "/__pycache__/"


def present(tree: Tree, paths: Iterable[str], folders: dict[str, str]) -> list[str]:
    """Those of `paths` that are regular files, by the names that they have in the tree when a folder on the way is a link.

    A link at the end isn't followed: it may lead into another package. `folders` remembers where each folder leads.
    """
    files, found = tree.files, []
    for path in paths:
        if path in files:
            found.append(path)
        elif path not in tree.folders and path not in tree.links and len(path) < _LONGEST and path.count("/") < _DEEPEST:
            folder, _, name = path.rpartition("/")
            real = folders.get(folder)
            if real is None:
                if len(folders) > _MOST_FOLDERS:
                    folders.clear()
                real = folders[folder] = tree.resolve(folder)
            there = f"{real}/{name}" if real else name
            if there in files:
                found.append(there)
    return found


def within(folder: str, path: str) -> str:
    """`path` as it is meant from `folder`; absolute paths and those that climb too high begin at the root of the tree."""
    if path.startswith("/") or ".." in path or "./" in path or "//" in path:
        return posixpath.normpath(posixpath.join("/", folder, path)).lstrip("/")
    return f"{folder}/{path}" if folder else path


def under(tree: Tree, *folders: str) -> list[str]:
    """All files in `folders`, whatever is beneath them."""
    starts = tuple(f"{folder}/" for folder in folders)
    return [path for path in tree.files if path.startswith(starts)] if starts else []


def gather(tree: Tree, folders: Iterable[str]) -> dict[str, list[str]]:
    """All files beneath each of `folders`; where these lie in one another, a file goes to the nearest."""
    homes: dict[str, str] = {folder: folder for folder in folders}
    found: dict[str, list[str]] = {folder: [] for folder in homes}
    homes[""] = ""
    if not found:
        return found
    for path in tree.files:
        folder = path.rpartition("/")[0]
        home = homes.get(folder)
        if home is None:
            home = _nearest(folder, homes)
        if home:
            found[home].append(path)
    return found


def _nearest(folder: str, homes: dict[str, str]) -> str:
    """The one of `homes` that `folder` lies in; it is remembered for all folders on the way."""
    passed = []
    while folder not in homes:
        passed.append(folder)
        folder = folder.rpartition("/")[0]
    home = homes[folder]
    homes.update(dict.fromkeys(passed, home))
    return home


def bytecode(tree: Tree) -> dict[str, list[str]]:
    """Python's modules -> their bytecode in the __pycache__ beside them, which lists often lack."""
    found: dict[str, list[str]] = {}
    for path in tree.files:
        if path.endswith(".pyc") and _CACHE in path:
            folder, _, name = path.rpartition(_CACHE)
            found.setdefault(f"{folder}/{name.partition('.')[0]}.py", []).append(path)
    return found
