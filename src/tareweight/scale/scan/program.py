"""The program that an image starts: whether it is compiled or a script, and which libraries it loads.

What a program opens while it runs (plug-ins, name services, certificates) isn't told by its file.
"""

from __future__ import annotations

import re
import shlex
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from . import elf
from .classes import SEARCH
from .text import shown
from .tree import Tree

MOST_LIBRARIES = 500
_MOST_NEEDED = 1_000
_MOST_BYTES = 4_000_000
_NEEDED = 1
_SHELLS = frozenset(("sh", "bash", "dash", "ash", "busybox"))
_LIBRARY = re.compile(r"(?:usr/)?(?:local/)?lib(?:32|64)?(?:/[^/]+-linux-[^/]+)?")
"""Folders that the dynamic linker looks into; a library elsewhere is taken where no such folder has it."""


class Program(NamedTuple):
    """`kind` is "static", "dynamic" (both compiled) or "script"; of a script, `interpreter` runs it and loads the `libraries`.

    `shell` is True where the image starts it through a shell. Paths are the tree's, every link followed.
    """

    path: str
    kind: str
    interpreter: str
    libraries: list[str]
    shell: bool


def describe(tree: Tree, told: Mapping[str, object]) -> Program | None:
    """The program that `told` (workdir, entrypoint: see classes.hints) starts; None where there is none in the tree."""
    words, shell = _words(told)
    path = _find(tree, words[0], told) if words else ""
    if not path:
        return None
    interpreter = _interpreter(tree, path, told)
    needed = _needed(tree, interpreter or path)
    if interpreter:
        return Program(path, "script", interpreter, _libraries(tree, needed or []), shell)
    if needed is None:
        return None
    return Program(path, "dynamic" if needed else "static", "", _libraries(tree, needed), shell)


def value(found: Program | None) -> dict[str, Any] | None:
    """`found` as JSON values, paths as they are shown."""
    if found is None:
        return None
    interpreter = f"/{shown(found.interpreter)}" if found.interpreter else ""
    libraries = [f"/{shown(path)}" for path in found.libraries]
    return {**found._asdict(), "path": f"/{shown(found.path)}", "interpreter": interpreter, "libraries": libraries}


def _words(told: Mapping[str, object]) -> tuple[list[str], bool]:
    """The words of the command, and whether a shell is asked to run it; of what the shell is told, the first command."""
    listed = told.get("entrypoint")
    words = [word for word in listed if isinstance(word, str)] if isinstance(listed, list) else []
    if len(words) > 2 and words[0].rpartition("/")[2] in _SHELLS and re.fullmatch(r"-\w*c", words[1]):
        try:
            inner = shlex.split(words[2])
        except ValueError:
            return words, False
        inner = inner[1:] if inner[:1] == ["exec"] else inner
        return (inner, True) if inner else (words, False)
    return words, False


def _find(tree: Tree, word: str, told: Mapping[str, object]) -> str:
    """The file that a command means; empty where there is none."""
    workdir = told.get("workdir")
    here = workdir if isinstance(workdir, str) else ""
    bases = ("",) if word.startswith("/") else (here,) if "/" in word else (*SEARCH, here)
    return next((path for base in bases if (path := tree.resolve(f"{base}/{word}")) in tree.files), "")


def _interpreter(tree: Tree, path: str, told: Mapping[str, object]) -> str:
    """The program that a script's first line names; empty where it isn't a script."""
    head = tree.read(path, 256)
    if head[:2] != b"#!":
        return ""
    words = head[2:].partition(b"\n")[0].decode("utf-8", "replace").split()
    if words and words[0].rpartition("/")[2] == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    return _find(tree, words[0], told) if words else ""


def _libraries(tree: Tree, needed: list[str]) -> list[str]:
    """The files of the libraries `needed`, and of those that they need in turn, sorted."""
    links: dict[str, list[str]] = {}
    for path in tree.links:
        name = path.rpartition("/")[2]
        if ".so" in name:
            links.setdefault(name, []).append(path)
    found: set[str] = set()
    seen: set[str] = set()
    waiting = list(needed)
    while waiting and len(found) < MOST_LIBRARIES:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        path = _library(tree, [*tree.names.get(name, ()), *links.get(name, ())])
        if path and path not in found:
            found.add(path)
            waiting += _needed(tree, path) or []
    return sorted(found)


def _library(tree: Tree, paths: list[str]) -> str:
    paths.sort(key=lambda path: (not _LIBRARY.fullmatch(path.rpartition("/")[0]), path))
    return next((real for path in paths if (real := tree.resolve(path)) in tree.files), "")


def _needed(tree: Tree, path: str) -> list[str] | None:
    """The names of the libraries that an ELF file asks for, its loader first; None for what isn't an ELF program or library."""
    file = tree.open(path)
    if file is None:
        return None
    try:
        with file:
            read = elf.read(file)
            if read.kind not in elf.PROGRAM_KINDS:
                return None
            names = []
            if loader := read.sections.get(".interp"):
                text = _bytes(file, loader)
                names.append(text.partition(b"\0")[0].decode("latin-1").rpartition("/")[2])
            dynamic, texts = read.sections.get(".dynamic"), read.sections.get(".dynstr")
            if not dynamic or not texts or dynamic.type == elf.NOBITS:
                return names
            return names + _entries(_bytes(file, dynamic), _bytes(file, texts), tree.read(path, 6))
    except (OSError, ValueError):
        return None


def _bytes(file: Any, section: elf.Section) -> bytes:
    file.seek(section.offset)
    data: bytes = file.read(min(section.size, _MOST_BYTES))
    return data


def _entries(data: bytes, texts: bytes, head: bytes) -> list[str]:
    """The DT_NEEDED entries of a dynamic section."""
    layout = struct.Struct(("<" if head[5] == 1 else ">") + ("qQ" if head[4] == 2 else "iI"))
    whole = data[: len(data) // layout.size * layout.size]
    offsets = [offset for tag, offset in layout.iter_unpack(whole) if tag == _NEEDED][:_MOST_NEEDED]
    return [texts[offset : texts.find(b"\0", offset)].decode("latin-1") for offset in offsets if offset < len(texts)]
