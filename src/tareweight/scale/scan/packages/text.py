"""What package databases say, made safe to keep: bounded, and free of what can't be printed as UTF-8."""

from __future__ import annotations

import os

from ..tree import Tree

_LONGEST = 200
_LONGEST_LIST = 8_000_000
"""Bytes; real ones have 2 MB at most, and each line costs memory."""


def label(text: str) -> str:
    """A name or version as a database gives it, cut to a length that no honest one has."""
    return text[:_LONGEST].strip().encode("utf-8", "replace").decode("utf-8")


def lines(tree: Tree, path: str) -> list[str]:
    """The lines of a list of files, read as file names are; it is noted where the list is too long to be read whole."""
    data = tree.read(path, _LONGEST_LIST)
    noticed(tree, path, len(data))
    return os.fsdecode(data).split("\n")


def noticed(tree: Tree, path: str, size: int) -> None:
    """Note it where only the first `size` bytes of the file were read."""
    if path in tree.files and tree.files[path].size > size > 0:
        tree.note(f"/{path}: only the first {size} bytes were read")
