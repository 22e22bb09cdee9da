"""Alpine's packages: the one file `installed` that apk keeps."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ..tree import Found, Tree
from .paths import present
from .text import label, noticed

_DATABASES = ("lib/apk/db/installed", "usr/lib/apk/db/installed")


def read(tree: Tree) -> Iterator[Found]:
    """The packages of apk's database, in either of the places that Alpine has had for it."""
    folders: dict[str, str] = {}
    for database in _DATABASES:
        if database in tree.files:
            yield from _installed(tree, database, folders)


def _installed(tree: Tree, database: str, folders: dict[str, str]) -> Iterator[Found]:
    data = tree.read(database)
    noticed(tree, database, len(data))
    last, whole = "", data.endswith(b"\n")
    for paragraph in os.fsdecode(data).split("\n\n"):
        fields, paths = _package(paragraph)
        if fields.get("P") and fields.get("V"):
            last = label(fields["P"])
            source = label(fields.get("o", ""))
            yield Found("apk", last, label(fields["V"]), present(tree, paths, folders), "", "" if source == last else source)
        elif paragraph.strip():
            whole = False
    if not whole:
        tree.note(f"/{database}: damaged or cut off; the last package that it describes is {last or 'none'}")


def _package(paragraph: str) -> tuple[dict[str, str], list[str]]:
    """The fields of a package, and its files: each `R` is a name in the folder of the `F` before it."""
    fields: dict[str, str] = {}
    paths = []
    folder = ""
    for line in paragraph.split("\n"):
        kind, value = line[:2], line[2:]
        if kind == "R:":
            paths.append(folder + value)
        elif kind == "F:":
            folder = f"{value}/" if value else ""
        elif kind in {"P:", "V:", "o:"}:
            fields[kind[0]] = value
    return fields, paths
