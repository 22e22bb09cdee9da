"""Programs with symbols and debug information that they run without: what `strip` would take away."""

from __future__ import annotations

import re
from collections.abc import Sequence

from . import elf
from .claims import OS_TYPES
from .findings import Finding
from .tree import Found, Tree

SMALLEST = 50_000
"""Bytes; smaller files aren't worth opening."""
_SYMBOLS = re.compile(r"\.symtab|\.strtab|\.z?debug_.+|\.stab(?:str)?|\.gdb_index")
_LIBRARY = re.compile(r".+\.so(?:\.[\d.]+)?|.+\.node")


def unstripped(tree: Tree, packages: Sequence[Found]) -> list[Finding]:
    """Programs and libraries with bytes that strip would take, most first. Those of OS packages were stripped when they were packed."""
    os_owned = {number for number, package in enumerate(packages) if package.type in OS_TYPES}
    found = []
    for path, file in tree.files.items():
        if file.size >= SMALLEST and file.first and file.owner not in os_owned and (file.mode & 0o111 or _LIBRARY.fullmatch(path)):
            size = _symbols(tree, path)
            if size:
                found.append(Finding("library" if _LIBRARY.fullmatch(path) else "program", path, size))
    return sorted(found, key=lambda one: (-one.bytes, one.path))


def _symbols(tree: Tree, path: str) -> int:
    file = tree.open(path)
    if file is None:
        return 0
    try:
        with file:
            read = elf.read(file)
    except (OSError, ValueError):
        return 0
    if read.kind not in elf.PROGRAM_KINDS:
        return 0
    size = sum(one.size for name, one in read.sections.items() if one.type != elf.NOBITS and _SYMBOLS.fullmatch(name))
    return min(size, tree.files[path].size)
