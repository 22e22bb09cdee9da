"""Python's packages: dist-info folders with their RECORD, and the older egg-info."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from ..tree import Found, Tree
from .paths import bytecode, gather, present, within
from .text import label, lines

_SITES = {"site-packages", "dist-packages"}
_HEAD = 64_000
"""Bytes of METADATA in which name and version stand."""
_FIELD = re.compile(rb"^(Name|Version):[ \t]*([^\r\n]*)", re.MULTILINE | re.IGNORECASE)


def read(tree: Tree) -> Iterator[Found]:
    """The packages that `pip list` would tell of in any environment of the image, each with its files and their bytecode."""
    told = sorted(_told(tree))
    if not told:
        return
    compiled = bytecode(tree)
    listed = {info: _listed(tree, info) for info, _ in told}
    guessed = {info: _guessed(tree, info) for info, paths in listed.items() if not paths}
    inside = gather(tree, [*listed, *chain.from_iterable(guessed.values())])
    folders: dict[str, str] = {}
    for info, description in told:
        fields = {name.lower(): value for name, value in reversed(_FIELD.findall(tree.read(description, _HEAD)))}
        name, version = (label(fields.get(key, b"").decode("utf-8", "replace")) for key in (b"name", b"version"))
        if not name or not version:
            tree.note(f"/{description}: no name and version")
            continue
        paths = listed[info] or [path for folder in guessed[info] for path in [*inside[folder], f"{folder}.py"]]
        owns = present(tree, [*inside[info], *paths, description], folders)
        owns += [cached for path in owns if path in compiled for cached in compiled[path]]
        yield Found("pypi", name, version, list(dict.fromkeys(owns)), "/" + info.rpartition("/")[0])


def _told(tree: Tree) -> Iterator[tuple[str, str]]:
    """Where a package is told of, and the file in it that does so. What other packages carry along isn't installed."""
    for path in tree.names.get("METADATA", []):
        info = path.rpartition("/")[0]
        if info.endswith(".dist-info") and not _carried(info):
            yield info, path
    for path in tree.names.get("PKG-INFO", []):
        info = path.rpartition("/")[0]
        if info.endswith(".egg-info") and _in_site(info):
            yield info, path
    for name, paths in tree.names.items():
        if name.endswith(".egg-info"):
            yield from ((path, path) for path in paths if _in_site(path))


def _in_site(info: str) -> bool:
    return not _SITES.isdisjoint(info.split("/")[-2:-1])


def _carried(info: str) -> bool:
    above = info.split("/")[:-2]
    return "_vendor" in info.split("/") or not _SITES.isdisjoint(above)


def _listed(tree: Tree, info: str) -> list[str]:
    """The files that RECORD or installed-files.txt lists; empty where there is neither."""
    site = info.rpartition("/")[0]
    if f"{info}/RECORD" in tree.files:
        return [within(site, path) for path in _recorded(lines(tree, f"{info}/RECORD"))]
    if f"{info}/installed-files.txt" in tree.files:
        return [within(info, path) for path in lines(tree, f"{info}/installed-files.txt") if path]
    return []


def _recorded(rows: Iterable[str]) -> Iterator[str]:
    """The first column of a RECORD. Only a path with a comma or a quote in it is quoted."""
    for row in rows:
        if row.startswith('"'):
            try:
                yield next(csv.reader([row]))[0]
            except (csv.Error, StopIteration):
                continue
        elif row:
            yield row.rsplit(",", 2)[0]


def _guessed(tree: Tree, info: str) -> list[str]:
    """What top_level.txt names, for packages without a list of their files: folders, or modules less their `.py`."""
    site = info.rpartition("/")[0]
    path = f"{info}/top_level.txt"
    names = lines(tree, path) if path in tree.files else []
    return [within(site, name.strip()) for name in names if re.fullmatch(r"\w[\w./-]*", name.strip()) and ".." not in name]
