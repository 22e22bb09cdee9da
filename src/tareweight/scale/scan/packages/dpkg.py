"""Debian's packages: dpkg's `status` with a list of files for each package, and the `status.d` of distroless images."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import chain

from ..tree import Found, Tree
from .paths import bytecode, present
from .text import label, lines, noticed

_STATUS = "var/lib/dpkg/status"
_INFO = "var/lib/dpkg/info/"
_DESCRIPTIONS = "var/lib/dpkg/status.d/"
_DIVERSIONS = "var/lib/dpkg/diversions"
_DOCS = "usr/share/doc/"
_SUMS = ".md5sums"
_LONGEST = 1_000_000
"""Bytes of one package's description."""
_FIELD = re.compile(r"^(Package|Version|Status|Source|Architecture):[ \t]*([^\n]*)$", re.MULTILINE)
_THERE = {"installed", "triggers-awaited", "triggers-pending", "unpacked", "half-configured"}
"""The states of dpkg in which a package's files lie there."""
Fields = dict[str, str]


def read(tree: Tree) -> Iterator[Found]:
    """The packages of `status`, then those of `status.d`; each owns its files and what dpkg keeps of it."""
    folders: dict[str, str] = {}
    compiled = bytecode(tree)
    for package in chain(_installed(tree, folders), _described(tree, folders)):
        # Maintainer scripts compile Python's modules once they are unpacked: no list has that.
        package.owns.extend([path for source in package.owns if source in compiled for path in compiled[source]])
        yield package


def _installed(tree: Tree, folders: dict[str, str]) -> Iterator[Found]:
    if _STATUS not in tree.files:
        return
    kept = _kept(tree)
    moved = _diversions(tree)
    unlisted = []
    for fields in _paragraphs(tree):
        name = fields["Package"]
        key = f"{name}:{fields.get('Architecture', '')}"
        key = key if key in kept else name
        own = kept.get(key, [])
        listed = [line[1:] for line in lines(tree, f"{_INFO}{key}.list")]
        if f"{_INFO}{key}.list" not in own:
            unlisted.append(name)
        if moved:
            listed = [_moved(path, name, moved) for path in listed]
        yield _found(fields, present(tree, listed, folders) + own)
    _say_unlisted(tree, _INFO, unlisted)


def _paragraphs(tree: Tree) -> Iterator[Fields]:
    """The packages of `status` whose files lie there; it is noted where it ends in the middle of one."""
    data = tree.read(_STATUS)
    noticed(tree, _STATUS, len(data))
    last, whole = "", data.endswith(b"\n")
    for paragraph in data.decode("utf-8", "replace").split("\n\n"):
        fields: Fields = dict(_FIELD.findall(paragraph))
        state = fields.get("Status", "").rpartition(" ")[2]
        if fields.get("Package") and fields.get("Version") and state:
            last = fields["Package"]
            if state in _THERE:
                yield fields
        elif paragraph.strip() and state != "not-installed":
            whole = False
    if not whole:
        tree.note(f"/{_STATUS}: damaged or cut off; the last package that it describes is {label(last) or 'none'}")


def _kept(tree: Tree) -> dict[str, list[str]]:
    """What dpkg keeps in info/, by package: its list, its checksums, its scripts."""
    kept: dict[str, list[str]] = {}
    for path in tree.files:
        if path.startswith(_INFO):
            kept.setdefault(path[len(_INFO) :].rpartition(".")[0], []).append(path)
    return kept


def _diversions(tree: Tree) -> dict[str, tuple[str, str]]:
    """Path -> where it is diverted to, and the package that diverts it (its own file stays)."""
    if _DIVERSIONS not in tree.files:
        return {}
    told = lines(tree, _DIVERSIONS)
    return {told[at][1:]: (told[at + 1][1:], told[at + 2]) for at in range(0, len(told) - 2, 3)}


def _moved(path: str, package: str, moved: dict[str, tuple[str, str]]) -> str:
    if path not in moved or moved[path][1] == package:
        return path
    return moved[path][0]


def _described(tree: Tree, folders: dict[str, str]) -> Iterator[Found]:
    names = [path for path in tree.files if path.startswith(_DESCRIPTIONS)]
    if not names:
        return
    docs = _documents(tree)
    unlisted = []
    for path in sorted(names):
        if path.endswith(_SUMS):
            continue
        fields: Fields = dict(_FIELD.findall(os.fsdecode(tree.read(path, _LONGEST))))
        if not fields.get("Package") or not fields.get("Version"):
            tree.note(f"/{path}: doesn't describe a package")
            continue
        own = [path]
        if path + _SUMS in tree.files:
            own.append(path + _SUMS)
            own += present(tree, _summed(tree, path + _SUMS), folders)
        else:
            unlisted.append(fields["Package"])
        own += docs.get(fields["Package"], [])
        yield _found(fields, own)
    _say_unlisted(tree, _DESCRIPTIONS, unlisted)


def _summed(tree: Tree, path: str) -> list[str]:
    """The paths in a list of checksums, with what lies in /lib or /bin where the list says /usr/lib or /usr/bin (files picked from a package)."""
    listed = [line.partition("  ")[2] for line in lines(tree, path)]
    return listed + [path[4:] for path in listed if path.startswith("usr/") and path not in tree.files]


def _documents(tree: Tree) -> dict[str, list[str]]:
    """Package -> its documentation. The checksums of distroless images don't list all of it."""
    found: dict[str, list[str]] = {}
    for path in tree.files:
        if path.startswith(_DOCS):
            found.setdefault(path.split("/", 4)[3], []).append(path)
    return found


def _found(fields: Fields, owns: list[str]) -> Found:
    name = label(fields["Package"])
    source = label(fields.get("Source", "").partition(" ")[0])
    return Found("deb", name, label(fields["Version"]), owns, "", "" if source == name else source)


def _say_unlisted(tree: Tree, folder: str, names: list[str]) -> None:
    if names:
        tree.note(f"/{folder}: no list of the files of {len(names)} package{'s' * (len(names) > 1)}: {', '.join(map(label, names[:3]))}")
