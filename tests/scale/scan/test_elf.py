"""Section headers, of real programs and of files that lie."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tareweight.scale.scan import elf


def image(order: str, wide: bool) -> bytes:
    """An ELF file with one section `.data` of four bytes and the table of names."""
    names = b"\0.data\0.shstrtab\0"
    body = b"abcd" + names
    start = 64 if wide else 52
    table = start + len(body)
    row = struct.Struct(order + ("2I4Q2I2Q" if wide else "10I"))
    rows = [(0,) * 10, (1, 1, 0, 0x400, start, 4, 0, 0, 1, 0), (7, 3, 0, 0, start + 4, len(names), 0, 0, 1, 0)]
    identity = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2, 1]) + bytes(9)
    numbers = (3, 62, 1, 0, 0, table, 0, start, 0, 0, row.size, len(rows), 2)
    head = identity + struct.pack(order + ("HHIQQQIHHHHHH" if wide else "HHIIIIIHHHHHH"), *numbers)
    return head + body + b"".join(row.pack(*one) for one in rows)


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("order", ["<", ">"])
def test_sizes_and_orders(order: str, wide: bool) -> None:
    data = image(order, wide)
    read = elf.read(io.BytesIO(data))
    found = read.sections[".data"]
    assert read.kind == 3
    assert data[found.offset :][: found.size] == b"abcd"
    assert (found.addr, found.type) == (0x400, 1)


def test_agrees_with_readelf() -> None:
    told = subprocess.run(["readelf", "-SW", sys.executable], capture_output=True, text=True, check=True).stdout
    rows = [line.split("]", 1)[1].split() for line in told.splitlines() if "] ." in line]
    with Path(sys.executable).open("rb") as file:
        found = elf.sections(file)
    assert {row[0]: (int(row[3], 16), int(row[4], 16), int(row[2], 16)) for row in rows} == {
        name: (one.offset, one.size, one.addr) for name, one in found.items()
    }


def test_more_sections_than_sixteen_bits_hold() -> None:
    data = bytearray(image("<", wide=True))
    table = struct.unpack_from("<Q", data, 40)[0]
    struct.pack_into("<HH", data, 60, 0, 0xFFFF)
    struct.pack_into("<QI", data, table + 32, 3, 2)
    assert set(elf.sections(io.BytesIO(bytes(data)))) == {".data", ".shstrtab"}


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"#!/bin/sh\n" * 20, image("<", wide=True)[:70], image("<", wide=True)[:-1]])
def test_not_an_elf_file(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        elf.sections(io.BytesIO(data))


def test_no_sections_at_all() -> None:
    data = bytearray(image("<", wide=True))
    struct.pack_into("<Q", data, 40, 0)
    assert elf.sections(io.BytesIO(bytes(data))) == {}


@pytest.mark.parametrize("offset", [2**62, 2**63, 2**64 - 1])
def test_a_table_out_of_bounds(offset: int, tmp_path: Path) -> None:
    data = bytearray(image("<", wide=True))
    struct.pack_into("<Q", data, 40, offset)
    file = tmp_path / "file"
    file.write_bytes(bytes(data))
    with file.open("rb") as opened, pytest.raises(ValueError, match=r"bounds|cut"):
        elf.sections(opened)


def test_any_damage_is_a_value_error() -> None:
    chance = random.Random(1)
    data = image("<", wide=True)
    for _ in range(3000):
        broken = bytearray(data)
        for _ in range(chance.randint(1, 8)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        try:
            elf.sections(io.BytesIO(bytes(broken)))
        except ValueError:
            continue
