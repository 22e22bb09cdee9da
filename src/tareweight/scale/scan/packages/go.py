"""Go's modules, from the build information that the linker leaves in every program; Go's own debug/buildinfo is the reference."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from .. import elf
from ..tree import Found, Tree
from .text import label

_MAGIC = b"\xff Go buildinf:"
_HEADER = 32
_SMALLEST = 300_000
"""Bytes; the smallest program that Go links is three times as long."""
_LONGEST = 4_000_000
"""Bytes that are read at once: of a list of modules, or of a segment to search."""
_FRAME = 16
"""Bytes of the marks before and after the list of modules."""
_LOADED = 1
_WRITABLE = 2
_MOST_SEGMENTS = 200


class Segment(NamedTuple):
    """A part of a program that is loaded: its address, its place and length in the file, its flags (1 runs, 2 writes)."""

    addr: int
    offset: int
    size: int
    flags: int


class Built(NamedTuple):
    """The version of Go, and the lines that say what was built and with what."""

    go: str
    lines: list[list[str]]


def read(tree: Tree) -> Iterator[Found]:
    """Of each program: its main module, which owns it, every module in it, and Go's standard library."""
    for path in sorted(tree.files):
        entry = tree.files[path]
        if entry.size < _SMALLEST or not (entry.mode & 0o111 or ".so" in path[path.rfind("/") :]):
            continue
        file = tree.open(path)
        if file is None:
            continue
        with file:
            built = build_information(file)
        if built:
            yield from _modules(built, path)


def build_information(file: BinaryIO) -> Built | None:
    """What `go version -m` would print of a program; None for anything that Go didn't link."""
    try:
        sections = elf.sections(file)
        if sections:
            place = sections.get(".go.buildinfo")
            if place is None:
                return None
            start, size = place.offset, place.size
        else:
            start, size = next((one.offset, one.size) for one in _segments(file) if one.flags & 3 == _WRITABLE)
        version, modules = _texts(file, _slice(file, start, min(size, _LONGEST)), start)
    except (OSError, ValueError, IndexError, OverflowError, StopIteration, struct.error):
        return None
    framed = len(modules) > 2 * _FRAME and modules[-_FRAME - 1 : -_FRAME] == b"\n"
    text = modules[_FRAME:-_FRAME].decode("utf-8", "replace") if framed else ""
    return Built(version.decode("utf-8", "replace"), [line.split("\t") for line in text.split("\n")]) if version else None


def _texts(file: BinaryIO, data: bytes, start: int) -> tuple[bytes, bytes]:
    """Version and list of modules, from the header in `data`, which lies at `start` of the file. `ValueError` where there is none."""
    at = data.index(_MAGIC)
    while at % 16:
        at = data.index(_MAGIC, at + 1)
    width, flags = data[at + 14], data[at + 15]
    if flags & 2:
        version, end = _counted(file, start + at + _HEADER)
        return version, _counted(file, end)[0]
    # Before Go 1.18: the addresses of two Go strings, each an address and a length.
    if width not in {4, 8}:
        raise ValueError("odd pointers")
    pair = struct.Struct((">" if flags & 1 else "<") + ("2I" if width == 4 else "2Q"))
    segments = _segments(file)
    version, modules = (_string(file, segments, addr, pair) for addr in pair.unpack_from(data, at + 16))
    return version, modules


def _counted(file: BinaryIO, offset: int) -> tuple[bytes, int]:
    """A text with its length before it (base 128, least first), and where it ends."""
    head = _slice(file, offset, 10)
    length = shift = used = 0
    for byte in head:
        length |= (byte & 127) << shift
        shift += 7
        used += 1
        if byte < 128:
            break
    return _slice(file, offset + used, length, whole=True), offset + used + length


def _string(file: BinaryIO, segments: list[Segment], addr: int, pair: struct.Struct) -> bytes:
    if addr == 0:
        return b""
    begins, length = pair.unpack(_slice(file, _offset(segments, addr), pair.size, whole=True))
    return _slice(file, _offset(segments, begins), length, whole=True) if length else b""


def _offset(segments: list[Segment], addr: int) -> int:
    for one in segments:
        if one.addr <= addr < one.addr + one.size:
            return one.offset + addr - one.addr
    raise ValueError("address outside of the file")


def _segments(file: BinaryIO) -> list[Segment]:
    """The loaded segments of an ELF file."""
    head = _slice(file, 0, 64)
    wide, order = head[4] == 2, "<" if head[5] == 1 else ">"
    (table,) = struct.unpack_from(order + ("Q" if wide else "I"), head, 32 if wide else 28)
    each, count = struct.unpack_from(order + "2H", head, 54 if wide else 42)
    if count > _MOST_SEGMENTS:
        raise ValueError("too many segments")
    data = _slice(file, table, each * count, whole=True)
    found = []
    for index in range(count):
        if wide:
            kind, flags, offset, addr, _, size = struct.unpack_from(order + "2I4Q", data, index * each)
        else:
            kind, offset, addr, _, size, _, flags = struct.unpack_from(order + "7I", data, index * each)
        if kind == _LOADED:
            found.append(Segment(addr, offset, size, flags))
    return found


def _slice(file: BinaryIO, offset: int, size: int, *, whole: bool = False) -> bytes:
    if size > _LONGEST:
        raise ValueError("too long")
    file.seek(offset)
    data = file.read(size)
    if whole and len(data) < size:
        raise ValueError("cut off")
    return data


def _modules(built: Built, path: str) -> Iterator[Found]:
    """The packages of one program. A program of Go's own toolchain has no module, and belongs to the toolchain."""
    where = f"/{path}"
    package, modules = "", []
    for kind, *words in built.lines:
        if kind == "path" and words:
            package = words[0]
        elif kind in {"mod", "dep"} and len(words) > 1:
            modules.append((words[:2], [path] if kind == "mod" else []))
        elif kind == "=>" and len(words) > 1 and modules:
            modules[-1] = (_replaced(modules[-1][0], words), modules[-1][1])
    if not any(owns for _, owns in modules) and package and not package.startswith("cmd/"):
        modules.append(([package, "(devel)"], [path]))
    for (name, version), owns in modules:
        yield Found("golang", label(name), label(version), owns, where)
    yield Found("golang", "stdlib", label(built.go.removeprefix("devel ").removeprefix("go").partition(" ")[0]), [], where)


def _replaced(module: list[str], by: list[str]) -> list[str]:
    """What was really built in: another module, or a folder that stood in for this one."""
    return [module[0], by[1] or "(devel)"] if by[0].startswith((".", "/")) else by[:2]
