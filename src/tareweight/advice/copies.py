"""Which files of the build context a COPY put where in the image."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from tareweight.dockerfile import Instruction
from tareweight.scale.instructions import words

_ELSEWHERE = re.compile(r"--(?:from|parents|exclude)\b")
"""Flags with which a COPY brings something else, or brings it in another way, than what is looked for here."""
_UNPACKED = re.compile(r".+\.(?:tar|tgz|tar\.\w+|txz|tbz2?)$|\w+://.*|<<.*")
"""What an ADD unpacks or fetches, and here-documents."""


class Copy(NamedTuple):
    """A file of the context, by its path there, and its path in the image; `step` is the number of the step that copied it."""

    source: str
    path: str
    bytes: int
    step: int


def landed(
    steps: Sequence[tuple[str, str, Instruction | None]], sent: Mapping[str, int], workdir: str, folders: Collection[str]
) -> list[Copy]:
    """Every file that a COPY or ADD of the context put into the image.

    `steps` are name and text (as in the history, variables put in) of the app's own layers, and what the Dockerfile says there: without
    that it can't be told where a COPY copies from. `sent` are the context's files with their bytes, `workdir` is where relative paths
    begin, `folders` are the image's.
    """
    found: list[Copy] = []
    for number, (name, text, written) in enumerate(steps):
        if name == "WORKDIR":
            workdir = posixpath.join(workdir, text)
        elif name in {"COPY", "ADD"} and written and not _ELSEWHERE.search(written.text):
            *sources, target = words(f"{name} {text}") or [""]
            for source in sources:
                if not _UNPACKED.fullmatch(source):
                    single = len(sources) == 1
                    for where, inside in _matching(source, sent):
                        path = _path(inside, where, posixpath.join(workdir, target), single=single, folders=folders)
                        found.append(Copy(where, path, sent[where], number))
    return found


def _matching(source: str, sent: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """The files that `source` means, each with its path below it: empty for a file that is named itself."""
    plain = posixpath.normpath(source.lstrip("/") or ".")
    if plain == ".":
        yield from ((where, where) for where in sent)
    elif not set("*?[") & set(plain):
        yield from ((where, where[len(plain) + 1 :]) for where in sent if where == plain or where.startswith(f"{plain}/"))
    else:
        depth = plain.count("/") + 1
        for where in sent:
            parts = where.split("/")
            if len(parts) >= depth and all(map(fnmatchcase, parts[:depth], plain.split("/"))):
                yield where, "/".join(parts[depth:])


def _path(inside: str, where: str, target: str, *, single: bool, folders: Collection[str]) -> str:
    """Where a file comes to lie: a folder's files below the target; a file in it, or as it, where the target is no folder."""
    folder = posixpath.normpath(target)
    if inside:
        return posixpath.join(folder, inside)
    if single and not target.endswith(("/", "/.")) and folder not in folders:
        return folder
    return posixpath.join(folder, posixpath.basename(where))
