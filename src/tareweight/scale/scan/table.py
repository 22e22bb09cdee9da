"""The table of all files (`--files FILE`): gzip (mtime 0), UTF-8, one JSON array a line, sorted by path.

    [path, kind, bytes, mode, uid, owner, class, mtime, target]

- path: text with a leading slash, as `text.shown` writes it (no control characters, every name on one line)
- kind: "f" a regular file, "h" a further name of a hard-linked one, "l" a symbolic link
- bytes: what it adds to the size: 0 for "h" and "l", so that the column sums to `size`
- mode: permission bits as octal text ("4755"); empty for "l"
- uid: owner's number; 0 for "l"
- owner: "deb:libc6", the package it belongs to as `<type>:<name>`; empty for none and for "l"
- class: a key of `weight.CLASSES`; empty for "l"
- mtime: whole seconds since 1970, 0 for "l"
- target: of "l" what the link says, of "h" the path that the bytes are counted at; else empty
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from json.encoder import encode_basestring_ascii as quoted

from .text import shown
from .tree import File, Found, Tree

_ROWS = 2_000
"""Rows that are packed at once."""


def write(where: str, tree: Tree, packages: Sequence[Found]) -> None:
    """Write the table of `tree` to the file `where`. `OSError` where that can't be done."""
    with open(where, "wb") as out, gzip.GzipFile("", "wb", 1, out, 0) as packed:
        rows: list[str] = []
        for row in _rows(tree, packages):
            rows.append(row)
            if len(rows) >= _ROWS:
                packed.write("".join(rows).encode())
                rows.clear()
        packed.write("".join(rows).encode())


def owner(file: File, packages: Sequence[Found]) -> str:
    """The package that `file` belongs to, as `<type>:<name>`; empty for none."""
    return f"{packages[file.owner].type}:{shown(packages[file.owner].name)}" if file.owner >= 0 else ""


def _rows(tree: Tree, packages: Sequence[Found]) -> Iterator[str]:
    """Files and links, each line with its end. Both are sorted already; they are merged by path."""
    owners = [quoted(f"{one.type}:{shown(one.name)}") for one in packages] + ['""']
    files, links = tree.files, tree.links
    for path in sorted([*files, *links]):
        name = quoted(f"/{path}" if path.isprintable() else f"/{shown(path)}")
        file = files.get(path)
        if file is None:
            yield f'[{name},"l",0,"",0,"","",0,{quoted(shown(links[path]))}]\n'
        elif file.first:
            yield f'[{name},"f",{file.size},"{file.mode:o}",{file.uid},{owners[file.owner]},"{file.place}",{file.mtime},""]\n'
        else:
            at = quoted(f"/{shown(tree.twins[path][0])}")
            yield f'[{name},"h",0,"{file.mode:o}",{file.uid},{owners[file.owner]},"{file.place}",{file.mtime},{at}]\n'
