"""Go's build information: agrees with `go version -m`, and is never led astray."""

from __future__ import annotations

import io
import os
import random
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tareweight.scale.scan.packages import go
from tareweight.scale.scan.tree import Tree

Plant = Callable[..., Tree]
MODULES = (
    "path\texample.com/main/cmd/x\n"
    "mod\texample.com/main\tv1.2.3\th1:x=\n"
    "dep\texample.com/plain\tv0.1.0\th1:y=\n"
    "dep\texample.com/old\tv0.2.0\n"
    "=>\texample.com/fork\tv0.3.0\th1:z=\n"
    "dep\texample.com/local\tv0.4.0\n"
    "=>\t./local\t(devel)\t\n"
    "build\tCGO_ENABLED=0\n"
)
ALL = [
    ("example.com/main", "v1.2.3"), ("example.com/plain", "v0.1.0"), ("example.com/fork", "v0.3.0"), ("example.com/local", "(devel)"),
    ("stdlib", "1.24.4"),
]  # fmt: skip


def counted(text: bytes) -> bytes:
    length, out = len(text), b""
    while length > 127:
        out += bytes([length & 127 | 128])
        length >>= 7
    return out + bytes([length]) + text


def program(version: str = "go1.24.4", modules: str = MODULES, *, inline: bool = True, order: str = "<") -> bytes:
    """A 64-bit ELF file without sections whose one writable segment, at address 0x400000, has the build information."""
    framed = b"0" * 16 + modules.encode() + b"1" * 16 if modules else b""
    at, place = 0x400000, 256
    if inline:
        data = b"\xff Go buildinf:" + bytes([8, 2]) + bytes(16) + counted(version.encode()) + counted(framed)
    else:
        strings = 0x40
        header = b"\xff Go buildinf:" + bytes([8, 0 if order == "<" else 1]) + struct.pack(order + "2Q", at + 0x20, at + 0x30)
        pairs = struct.pack(order + "4Q", at + strings, len(version), at + strings + len(version), len(framed))
        data = header + pairs + version.encode() + framed
    head = b"\x7fELF" + bytes([2, 1 if order == "<" else 2, 1]) + bytes(9)
    head += struct.pack(order + "2HI3QI6H", 2, 62, 1, 0, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    head += struct.pack(order + "2I6Q", 1, 5, 0, 0, 0, 64, 64, 4096)
    head += struct.pack(order + "2I6Q", 1, 6, place, at, at, len(data), len(data), 4096)
    return head.ljust(place, b"\0") + data


def found(tree: Tree) -> list[tuple[str, str]]:
    return [(one.name, one.version) for one in go.read(tree)]


@pytest.mark.parametrize("data", [program(), program(inline=False), program(inline=False, order=">")])
def test_modules_of_a_program(plant: Plant, data: bytes) -> None:
    padded = data + bytes(300_000)
    tree = plant({"bin/x": padded, "bin/data": padded, "lib/x.so.1": padded, "bin/small": data}, programs=("bin/x", "bin/small"))
    packages = list(go.read(tree))
    assert [(one.name, one.version) for one in packages] == ALL * 2
    assert [(one.owns, one.path) for one in packages[:5]] == [(["bin/x"], "/bin/x")] + [([], "/bin/x")] * 4
    assert {one.path for one in packages[5:]} == {"/lib/x.so.1"}
    assert {one.type for one in packages} == {"golang"}
    assert tree.notes == []


@pytest.mark.parametrize(
    ("data", "packages"),
    [
        (program(modules="path\tcmd/go\nbuild\t-compiler=gc\n"), [("stdlib", "1.24.4")]),
        (program(modules="path\tx\ndep\ta.b/c\tv1.0.0\n"), [("a.b/c", "v1.0.0"), ("x", "(devel)"), ("stdlib", "1.24.4")]),
        (program("devel go1.25-abc Tue Feb", ""), [("stdlib", "1.25-abc")]),
        (program("go1.23.1 X:nocoverageredesign", ""), [("stdlib", "1.23.1")]),
        (program("", ""), []),
        (program(modules="mod\n=>\ndep\ta\n\t\t\nmod\tm\n=>\tx\ty\tz\n"), [("stdlib", "1.24.4")]),
    ],
)  # fmt: skip
def test_programs_without_a_module(plant: Plant, data: bytes, packages: list[tuple[str, str]]) -> None:
    assert found(plant({"x": data + bytes(300_000)}, programs=("x",))) == packages


def test_a_program_cut_off_anywhere_raises_nothing() -> None:
    for data in (program(), program(inline=False)):
        whole = go.build_information(io.BytesIO(data))
        assert whole
        for size in range(len(data)):
            assert go.build_information(io.BytesIO(data[:size])) != whole


def test_a_program_with_any_byte_changed_raises_nothing() -> None:
    chance = random.Random(1)
    for data in (program(), program(inline=False), program(inline=False, order=">")):
        for _ in range(3000):
            spoilt = bytearray(data)
            for _ in range(chance.randint(1, 4)):
                spoilt[chance.randrange(len(data))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
            go.build_information(io.BytesIO(bytes(spoilt)))


def test_an_unreadable_program_is_noted(plant: Plant, tmp_path: Path) -> None:
    tree = plant({"x": program() + bytes(300_000)}, programs=("x",))
    (tmp_path / "x").unlink()
    assert found(tree) == []
    assert tree.notes == ["/x: can't be read: No such file or directory"]


SOURCE = """\
mkdir -p /tmp/m/local /tmp/out; cd /tmp/m
printf 'module example.com/main\\ngo 1.20\\nrequire example.com/dep v1.0.0\\nreplace example.com/dep => ./local\\n' > go.mod
printf 'package main\\nimport "example.com/dep"\\nfunc main() { println(dep.X) }\\n' > main.go
printf 'module example.com/dep\\ngo 1.20\\n' > local/go.mod
printf 'package dep\\nconst X = 1\\n' > local/dep.go
export CGO_ENABLED=0 GOFLAGS=-mod=mod GOPROXY=off GOCACHE=/tmp/cache
go build -o /tmp/out/plain .
go build -ldflags='-s -w' -o /tmp/out/stripped .
go build -buildmode=pie -o /tmp/out/pie .
go build -o /tmp/out/file main.go
cp /usr/lib/go-1.24/bin/gofmt /app/calculator /tmp/out
go version -m /tmp/out/* > /tmp/out/told
"""


def reference(text: str) -> dict[str, set[tuple[str, str]]]:
    """What `go version -m` printed, by program; a folder in the place of a module is a development version.

    A program built from single files has no module, and is told of by its path.
    """
    told: dict[str, set[tuple[str, str]]] = {}
    last: list[str] = []
    for line in text.splitlines():
        words = line.split("\t")
        if not line.startswith("\t"):
            name, version = line.split(": ")
            here = told[os.path.basename(name)] = {("stdlib", version.removeprefix("go"))}  # noqa: PTH119
        elif words[1] in {"mod", "dep"}:
            here.add((words[2], words[3]))
            last = words[2:4]
        elif words[1] == "=>":
            here.remove((last[0], last[1]))
            here.add((last[0], words[3]))
    return told


@pytest.mark.engine
def test_agrees_with_go(take: Callable[..., Path]) -> None:
    root = take("calculator", "tmp/out", script=SOURCE) / "tmp" / "out"
    told = reference((root / "told").read_text())
    assert len(told) == 6
    assert ("example.com/dep", "(devel)") in told["plain"]
    told["file"].add(("command-line-arguments", "(devel)"))
    assert {name: {(one.name, one.version) for one in go.read(Tree(str(root))) if one.path == f"/{name}"} for name in told} == told


@pytest.mark.engine
def test_a_program_without_section_headers_says_the_same(take: Callable[..., Path]) -> None:
    root = take("calculator", "app/calculator") / "app"
    before = found(Tree(str(root)))
    program = root / "calculator"
    data = bytearray(program.read_bytes())
    data[40:48], data[60:64] = bytes(8), bytes(4)
    program.write_bytes(data)
    subprocess.run([program, "1+1"], check=True, capture_output=True)
    assert found(Tree(str(root))) == before
    assert [name for name, _ in before] == ["tareweight.example/calculator", "stdlib"]
