"""One scan: the tree, its packages, its classes, what there is to attack and what was left behind, as one JSON document."""

from __future__ import annotations

import argparse
import heapq
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import classes, leftovers, program, recommends, secrets, surface, symbols, table
from .claims import Reader, claim
from .findings import Finding
from .packages import ALL
from .text import shown
from .tree import Found, Tree

MOST_PLACES = 100
"""Directories, and files, that are listed at most."""
MOST_FINDINGS = 200
_LONGEST = 4200
"""Characters of a name, a note or a path that are told at most."""
_PRETTY = re.compile(r"^PRETTY_NAME=[\"']?(.*?)[\"']?$", re.MULTILINE)


def main(words: Sequence[str] | None = None) -> int:
    """The command: `ROOT [--hints FILE] [--files FILE] [--out FILE]`."""
    parser = argparse.ArgumentParser(prog="scan", description="Say what is in the file system mounted at ROOT, as JSON.")
    parser.add_argument("root", metavar="ROOT")
    parser.add_argument("--hints", metavar="FILE", help='JSON: {"workdir": "/app", "entrypoint": ["/server"], "copies": ["/app"]}')
    parser.add_argument("--files", metavar="FILE", help="write a table of all files there (see table.py)")
    parser.add_argument("--out", metavar="FILE", help="write the document there instead of to standard output")
    told = parser.parse_args(words)
    try:
        text = json.dumps(scan(told.root, _hints(told.hints), told.files), separators=(",", ":"))
        if told.out:
            with open(told.out, "w", encoding="ascii") as out:
                out.write(text + "\n")
        else:
            print(text)
    except OSError as error:
        raise SystemExit(f"{error.filename or 'standard output'}: {error.strerror}") from error
    return 0


def scan(root: str, told: Mapping[str, object], files: str | None = None, readers: Iterable[Reader] = ALL) -> dict[str, Any]:
    """What `weight.load_scan` reads. With `files` a table of all files is written there.

    Packages, places and findings are lists of rows, each in the order of the fields of `weight.Package`, `Place` and `Finding`.
    `SystemExit` where `root` is no folder, `OSError` where the table can't be written.
    """
    tree = Tree(root)
    app = classes.hints(tree, told)
    ground = classes.grounds(tree, app)
    left = leftovers.mark(tree, ground.left, app.programs)
    packages = claim(tree, readers, ground.left)
    classes.classify(tree, packages, ground, app)
    seen = surface.look(tree)
    keys = secrets.find(tree, left)
    unstripped = symbols.unstripped(tree, packages)
    if files:
        table.write(files, tree, packages)
    return {
        "size": tree.size,
        "files": tree.count,
        "links": tree.link_bytes,
        "blocks": tree.blocks,
        "classes": _classes(tree),
        "packages": _packages(tree, packages),
        "directories": _directories(tree),
        "biggest": _biggest(tree, packages),
        "surface": {**{kind: [_path(path) for path in paths] for kind, paths in seen.lists.items()}, "executables": seen.executables},
        "secrets": _findings(tree, "secrets", keys),
        "leftovers": _findings(tree, "things left behind", leftovers.findings(tree, left)),
        "unstripped": _findings(tree, "unstripped programs", unstripped),
        "recommended": [shown(name) for name in recommends.only_recommended(tree)],
        "program": program.value(program.describe(tree, told)),
        "os": _os(tree),
        "notes": [shown(note)[:_LONGEST] for note in tree.notes],
        "complete": tree.complete,
    }


def _hints(file: str | None) -> Mapping[str, object]:
    if not file:
        return {}
    try:
        with open(file, encoding="utf-8") as opened:
            told = json.load(opened)
    except (ValueError, RecursionError) as error:
        raise SystemExit(f"{file}: not JSON") from error
    if not isinstance(told, dict):
        raise SystemExit(f"{file}: not a JSON object")
    return told


def _path(path: str) -> str:
    return f"/{shown(path)}"


def _classes(tree: Tree) -> dict[str, int]:
    """Bytes by class. What a cut tree doesn't know by name is unowned."""
    sums = dict.fromkeys(classes.NAMES, 0)
    for file in tree.files.values():
        if file.first:
            sums[file.place] += file.size
    sums["unowned"] += tree.size - sum(sums.values())
    return sums


def _packages(tree: Tree, packages: Sequence[Found]) -> list[tuple[str, str, str, int, int, str, str]]:
    sizes, counts = [0] * len(packages), [0] * len(packages)
    for file in tree.files.values():
        if file.owner >= 0:
            sizes[file.owner] += file.bytes
            counts[file.owner] += 1
    rows = [
        (one.type, shown(one.name), shown(one.version), size, count, shown(one.path), shown(one.source))
        for one, size, count in zip(packages, sizes, counts)  # noqa: B905 -- strict came with Python 3.10
    ]
    return sorted(rows, key=lambda row: (*row[:3], row[5], row[3]))


def _directories(tree: Tree) -> list[tuple[str, int, int, str]]:
    """The directories with most bytes, all that is under them counted; one lies in another where both are big."""
    sizes, counts = dict.fromkeys(tree.folders, 0), dict.fromkeys(tree.folders, 0)
    for file in tree.files.values():
        if file.folder in sizes:
            sizes[file.folder] += file.bytes
            counts[file.folder] += 1
    for folder in reversed(list(tree.folders)):
        above = folder.rpartition("/")[0]
        if folder and above in sizes:
            sizes[above] += sizes[folder]
            counts[above] += counts[folder]
    top = heapq.nsmallest(MOST_PLACES, ((-size, folder) for folder, size in sizes.items() if folder and size))
    return [(_path(folder), -size, counts[folder], "") for size, folder in top]


def _biggest(tree: Tree, packages: Sequence[Found]) -> list[tuple[str, int, int, str]]:
    top = heapq.nsmallest(MOST_PLACES, ((-file.size, path) for path, file in tree.files.items() if file.first and file.size))
    return [(_path(path), -size, 1, table.owner(tree.files[path], packages)) for size, path in top]


def _findings(tree: Tree, what: str, found: Sequence[Finding]) -> list[tuple[str, str, int]]:
    if len(found) > MOST_FINDINGS:
        tree.note(f"{what}: {len(found)} of them, {MOST_FINDINGS} are listed")
    return [(one.kind, _path(one.path), one.bytes) for one in found[:MOST_FINDINGS]]


def _os(tree: Tree) -> str:
    found = _PRETTY.search(tree.read(tree.resolve("etc/os-release"), 10_000).decode("utf-8", "replace"))
    return shown(found[1])[:200] if found else ""
