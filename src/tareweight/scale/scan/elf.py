"""Section headers of ELF files: 32 and 64 bit, either byte order. A file that lies about itself is a `ValueError`, never a long read."""

from __future__ import annotations

import struct
from typing import BinaryIO, NamedTuple

MAGIC = b"\x7fELF"
NOBITS = 8
"""Type of a section that takes no bytes of the file."""
PROGRAM_KINDS = (2, 3)
"""`e_type` of programs and shared libraries; 1 is an object file, whose symbols the linker needs."""
_MOST_SECTIONS = 10_000
_MOST_NAMES = 1_000_000
_BIGGEST_HEADER = 256


class Section(NamedTuple):
    """One section: where it lies in the file, its bytes, its address in memory, its type (`SHT_...`)."""

    offset: int
    size: int
    addr: int
    type: int


class Elf(NamedTuple):
    """The kind of file (`e_type`) and its sections by name; of several with one name the first."""

    kind: int
    sections: dict[str, Section]


def sections(file: BinaryIO) -> dict[str, Section]:
    """The sections of an ELF file. `ValueError` for anything that isn't one, `OSError` where it can't be read."""
    return read(file).sections


def read(file: BinaryIO) -> Elf:
    """The kind and sections of an ELF file. `ValueError` for anything that isn't one, `OSError` where it can't be read."""
    head = _at(file, 0, 64, whole=False)
    if head[:4] != MAGIC or len(head) < 52 or head[4] not in (1, 2) or head[5] not in (1, 2):
        raise ValueError("not an ELF file")
    order = "<" if head[5] == 1 else ">"
    wide = head[4] == 2
    if wide and len(head) < 64:
        raise ValueError("ELF header cut off")
    (kind,) = struct.unpack_from(order + "H", head, 16)
    (table,) = struct.unpack_from(order + ("Q" if wide else "I"), head, 40 if wide else 32)
    each, count, names_at = struct.unpack_from(order + "3H", head, 58 if wide else 46)
    layout = struct.Struct(order + ("2I4Q2I2Q" if wide else "10I"))
    if table == 0:
        return Elf(kind, {})
    if not layout.size <= each <= _BIGGEST_HEADER:
        raise ValueError("section headers of an odd size")
    if count == 0 or names_at == 0xFFFF:
        # More sections than 16 bits hold: the first header has the true numbers.
        first = layout.unpack_from(_at(file, table, layout.size))
        count, names_at = count or first[5], first[6] if names_at == 0xFFFF else names_at
    if not 0 < count <= _MOST_SECTIONS or names_at >= count:
        raise ValueError("section headers out of bounds")
    data = _at(file, table, each * count)
    rows = [layout.unpack_from(data, index * each) for index in range(count)]
    texts = _at(file, rows[names_at][4], min(rows[names_at][5], _MOST_NAMES)) if rows[names_at][1] != NOBITS else b""
    found: dict[str, Section] = {}
    for name, type_, _, addr, offset, size, *_ in rows:
        end = texts.find(b"\0", name)
        if type_ and end >= 0:
            found.setdefault(texts[name:end].decode("latin-1"), Section(offset, size, addr, type_))
    return Elf(kind, found)


def _at(file: BinaryIO, offset: int, size: int, *, whole: bool = True) -> bytes:
    try:
        file.seek(offset)
    except (OSError, OverflowError, ValueError) as error:
        raise ValueError("offset out of bounds") from error
    data = file.read(size)
    if whole and len(data) < size:
        raise ValueError("cut off")
    return data
