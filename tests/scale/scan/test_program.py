"""The program as it is run beside an image: alone, without tareweight, on trees that mean harm."""

from __future__ import annotations

import ast
import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tareweight.scale import scan as package
from tareweight.scale.scan import scan, table, tree
from tareweight.scale.weight import Place, load_scan

Lay = Callable[..., Path]
SOURCE = Path(package.__file__).parent
STATUS = "Package: tool\nStatus: install ok installed\nVersion: 1.2\nArchitecture: all\n\n"
FILES = {
    "var/lib/dpkg/status": STATUS,
    "var/lib/dpkg/info/tool.list": "/.\n/bin\n/bin/tool\n/usr/share/doc/tool/copyright\n",
    "usr/bin/tool": "12345",
    "usr/share/doc/tool/copyright": "123",
    "bin": "->usr/bin",
    "etc/os-release": 'NAME="x"\nPRETTY_NAME="Small \x1b[31mLinux"\n',
    "app/main.py": "print()",
    "tmp/x": "12",
}
OLDEST = (3, 9)
PYTHONS = [sys.executable, *(found for name in ("python3.9", "python3.13") if (found := shutil.which(name)))]


def run(root: Path, out: Path, *words: str | Path, python: str = sys.executable) -> Any:
    """Run a copy of the folder in which there is nothing else, with nothing of this environment."""
    alone = out / "alone"
    shutil.copytree(SOURCE, alone / "scan", dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run([python, "-S", "-m", "scan", root, *words], cwd=alone, env={}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    return json.loads(done.stdout) if done.stdout else None


@pytest.mark.parametrize("file", sorted(SOURCE.rglob("*.py")), ids=lambda file: file.name)
def test_is_written_for_old_pythons(file: Path) -> None:
    ast.parse(file.read_text(), feature_version=OLDEST)


@pytest.mark.parametrize("python", PYTHONS)
def test_alone(lay: Lay, tmp_path: Path, python: str) -> None:
    if subprocess.run([python, "-c", "pass"], capture_output=True, check=False).returncode:
        pytest.skip(f"{python} doesn't run")
    (tmp_path / "hints").write_text(json.dumps({"workdir": "/app", "entrypoint": ["python3", "main.py"], "copies": ["/app"]}))
    told = run(lay(FILES), tmp_path, "--hints", tmp_path / "hints", "--files", tmp_path / "files", python=python)
    read = load_scan(told)
    assert read.os == r"Small \x1b[31mLinux"
    assert read.complete
    assert {kind: size for kind, size in read.classes.items() if size} == {
        "os": sum(len(text) for path, text in FILES.items() if path.startswith(("var", "etc", "usr/bin"))),
        "docs": 3,
        "app": 7,
        "leftover": 2,
    }
    (tool,) = read.packages
    assert (tool.type, tool.name, tool.version) == ("deb", "tool", "1.2")
    assert tool.bytes == 8 + len(FILES["var/lib/dpkg/info/tool.list"])
    assert Place("/usr/bin", 5) in read.directories
    assert Place("/usr/bin/tool", 5, owner="deb:tool") in read.biggest


def test_files_table(lay: Lay, tmp_path: Path) -> None:
    root = lay(FILES, {"usr/bin/tool": 0o4755})
    (root / "app/again").hardlink_to(root / "app/main.py")
    Path(os.fsdecode(os.fsencode(root) + b'/app/\xff\n"\\')).write_bytes(b"1")
    told = run(root, tmp_path, "--files", tmp_path / "files")
    rows = [json.loads(line) for line in gzip.decompress((tmp_path / "files").read_bytes()).splitlines()]
    by_path = {row[0]: row[1:] for row in rows}
    assert sum(row[2] for row in rows) == told["size"]
    assert len(rows) == told["files"] + 1
    assert by_path["/bin"] == ["l", 0, "", 0, "", "", 0, "usr/bin"]
    mtime = int((root / "usr/bin/tool").stat().st_mtime)
    assert by_path["/usr/bin/tool"] == ["f", 5, "4755", os.getuid(), "deb:tool", "os", mtime, ""]
    assert by_path["/app/main.py"][:2] + by_path["/app/main.py"][-1:] == ["h", 0, "/app/again"]
    assert '/app/\\xff\\x0a"\\' in by_path
    assert (tmp_path / "files").read_bytes()[4:8] == bytes(4)


def test_two_scans_are_the_same_to_the_byte(lay: Lay, tmp_path: Path) -> None:
    root = lay({**FILES, **{f"app/{n % 7}/{n}": str(n) for n in range(300)}})
    for name in ("one", "two"):
        (root / "app" / name).hardlink_to(root / "app/main.py")
    other = tmp_path / "other"
    # Listed in another order: the copy is made backwards.
    for path in sorted((path for path in root.rglob("*") if not path.is_dir() or path.is_symlink()), reverse=True):
        there = other / path.relative_to(root)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, there, follow_symlinks=False)
    for name in ("one", "two"):
        (other / "app" / name).unlink()
        (other / "app" / name).hardlink_to(other / "app/main.py")
    for number, where in enumerate((root, root, other)):
        run(where, tmp_path, "--out", tmp_path / f"out{number}", "--files", tmp_path / f"files{number}")
    assert (tmp_path / "out0").read_bytes() == (tmp_path / "out1").read_bytes()
    assert (tmp_path / "files0").read_bytes() == (tmp_path / "files1").read_bytes() == (tmp_path / "files2").read_bytes()
    first, third = (json.loads((tmp_path / f"out{number}").read_text()) for number in (0, 2))
    assert {**first, "blocks": 0} == {**third, "blocks": 0}


def test_a_hostile_tree(lay: Lay, tmp_path: Path) -> None:
    names = "/" + "\n/".join(str(number) for number in range(300_000))
    root = lay(
        {
            "var/lib/dpkg/status": STATUS + "Package: ../../x\nVersion: \x1b[2J\nStatus: a b installed\n\n" + "Package",
            "var/lib/dpkg/info/tool.list": names + "\n/../../../../etc/passwd\n/loop/x\n/bin/tool\n",
            "loop": "->loop",
            "a": "->b/c",
            "b": "->/../../a",
            "etc/os-release": "->../../../../../../../../etc/os-release",
            "usr/bin/tool": b"\x7fELF" + b"\xff" * 400_000,
            "app/package.json": "[" * 100_000,
            "app/x.dist-info/METADATA": b"\xff\0\xfe" * 100,
            "app/x.jar": b"PK\x03\x04" + b"\xff" * 1000,
            "app/node_modules/y/package.json": b'{"name": "\xff\\ud800", "version": {"a": 1}}',
            "lib/apk/db/installed": "P:" + "x" * 100_000 + "\nV:1\nF:\nR:..\n",
        },
        {"usr/bin/tool": 0o755},
    )
    os.mkfifo(root / "var/lib/dpkg/diversions")
    os.mkfifo(root / "app/pipe")
    Path(os.fsdecode(os.fsencode(root) + b"/app/\x1b[31m\xff\n")).write_bytes(b"x")
    told = run(root, tmp_path, "--files", tmp_path / "files")
    read = load_scan(told)
    assert read.size == sum(path.lstat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    assert read.os == ""
    json.dumps(told, ensure_ascii=False).encode()
    text = "".join([*(package.name + package.version for package in read.packages), *read.notes, *(place.path for place in read.biggest)])
    assert text.isprintable()
    assert r"/app/\x1b[31m\xff\x0a" in {place.path for place in read.biggest}


def test_what_may_not_be_read_is_said(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a user who may not: root may read everything."""
    root = lay({"app/closed": "x" * 20, "closed/x": "1", "open": "1"})
    real = os.open

    def refuse(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return real(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refuse)
    told = load_scan(scan.scan(str(root), {}, None, []))
    assert told.notes == ("/closed: can't be listed: Permission denied", "/app/closed: can't be read: Permission denied")
    assert not told.complete
    assert told.size == 21


def test_a_cut_tree_still_adds_up(lay: Lay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tree, "MOST_ENTRIES", 70)
    root = lay({f"d{n}/f{n}": "12" for n in range(60)})
    told = load_scan(scan.scan(str(root), {}, str(tmp_path / "files")))
    assert told.size == 120
    assert told.classes["unowned"] == 120
    assert told.files == 60
    assert not told.complete


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["/nowhere"], "/nowhere: No such file or directory"),
        (["/", "--hints", "/dev/null"], "/dev/null: not JSON"),
        (["/", "--hints", "/none"], "/none: No such file"),
        ([SOURCE, "--files", "/nowhere/x"], "/nowhere/x: No such file"),
        ([SOURCE, "--out", "/nowhere/x"], "/nowhere/x: No such file"),
        ([], "required: ROOT"),
    ],
)
def test_wrong_use_is_one_line(words: list[str | Path], why: str) -> None:
    done = subprocess.run([sys.executable, "-m", "scan", *words], cwd=SOURCE.parent, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert why in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_an_empty_image(lay: Lay) -> None:
    told = load_scan(scan.scan(str(lay({})), {}))
    assert (told.size, told.files, told.complete, told.packages, told.notes) == (0, 0, True, (), ())


def test_table_is_written_in_pieces(lay: Lay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = lay({f"f{n:03}": "1" for n in range(25)})
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    scan.scan(str(root), {}, str(whole), [])
    monkeypatch.setattr(table, "_ROWS", 10)
    scan.scan(str(root), {}, str(pieces), [])
    assert gzip.decompress(whole.read_bytes()) == gzip.decompress(pieces.read_bytes())
    assert len(gzip.decompress(whole.read_bytes()).splitlines()) == 25
