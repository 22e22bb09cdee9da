"""What strip would take, held against strip itself."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tareweight.scale.scan import symbols
from tareweight.scale.scan.tree import Found, Tree

Lay = Callable[..., Path]
SOURCE = """\
#include <stdio.h>
static const char filling[200000] = {1};
int f(int n) { return filling[n]; }
int main(void) { return printf("%d", f(3)) > 9; }
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("program")
    (folder / "main.c").write_text(SOURCE)
    subprocess.run(["gcc", "-g3", "-o", folder / "main", folder / "main.c"], check=True)
    subprocess.run(["gcc", "-g3", "-shared", "-fPIC", "-o", folder / "lib.so.1", folder / "main.c"], check=True)
    subprocess.run(["gcc", "-g3", "-c", "-o", folder / "main.o", folder / "main.c"], check=True)
    subprocess.run(["strip", "-o", folder / "bare", folder / "main"], check=True)
    return folder


def test_what_strip_takes(lay: Lay, program: Path) -> None:
    names = ("main", "lib.so.1", "main.o", "bare")
    root = lay({f"app/{name}": (program / name).read_bytes() for name in names}, {f"app/{name}": 0o755 for name in names})
    told = {one.path: one for one in symbols.unstripped(Tree(str(root)), [])}
    assert {path: one.kind for path, one in told.items()} == {"app/main": "program", "app/lib.so.1": "library"}
    saved = (program / "main").stat().st_size - (program / "bare").stat().st_size
    assert told["app/main"].bytes == pytest.approx(saved, rel=0.05)


def test_os_packages_and_what_can_not_run_are_passed_over(lay: Lay, program: Path) -> None:
    data = (program / "main").read_bytes()
    tree = Tree(str(lay({"usr/bin/a": data, "data/b": data}, {"usr/bin/a": 0o755})))
    tree.files["usr/bin/a"].owner = 0
    assert symbols.unstripped(tree, [Found("deb", "a", "1", ["usr/bin/a"])]) == []
    assert len(symbols.unstripped(tree, [Found("generic", "a", "1", ["usr/bin/a"])])) == 1


def test_programs_that_lie(lay: Lay, program: Path) -> None:
    data = bytearray((program / "main").read_bytes())
    table = int.from_bytes(data[40:48], "little")
    for row in range(int.from_bytes(data[60:62], "little")):
        data[table + row * 64 + 32 : table + row * 64 + 40] = b"\xff" * 7 + b"\x7f"
    files = {"a": bytes(data), "b": b"\x7fELF" + bytes(60_000), "c": bytes(data[:60_000])}
    told = symbols.unstripped(Tree(str(lay(files, dict.fromkeys(files, 0o755)))), [])
    assert all(one.bytes <= len(data) for one in told)
