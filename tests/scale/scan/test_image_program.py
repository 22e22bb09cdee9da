"""The program that an image starts, held against ldd."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tareweight.scale.scan import program
from tareweight.scale.scan.tree import Tree

Lay = Callable[..., Path]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    (folder / "main.c").write_text("#include <math.h>\nint main(int n, char **v) { (void)v; return (int)cos(n) + 1; }\n")
    for name, words in {"static": ["-static"], "pie": ["-static-pie"], "dynamic": []}.items():
        subprocess.run(["gcc", "-o", folder / name, folder / "main.c", "-Wl,--no-as-needed", *words, "-lm"], check=True)
    return folder


def told(root: Path, *words: str, workdir: str = "") -> dict[str, Any]:
    found = program.value(program.describe(Tree(str(root)), {"entrypoint": list(words), "workdir": workdir}))
    assert found
    return found


@pytest.mark.parametrize("name", ["static", "pie"])
def test_static(lay: Lay, built: Path, name: str) -> None:
    root = lay({"app/run": (built / name).read_bytes()})
    assert told(root, "/app/run", "--port") == {"path": "/app/run", "kind": "static", "interpreter": "", "libraries": [], "shell": False}


def test_dynamic_as_ldd_says(lay: Lay, built: Path) -> None:
    listed = subprocess.run(["ldd", built / "dynamic"], capture_output=True, text=True, check=True).stdout
    needed = {Path(path).name: Path(path).resolve() for path in re.findall(r"/\S+", listed)}
    assert "libm.so.6" in needed
    libraries = {f"usr/lib/{name}": path.read_bytes() for name, path in needed.items()}
    root = lay({"app/run": (built / "dynamic").read_bytes(), **libraries, "usr/share/other/libm.so.6": b"", "lib": "->usr/lib"})
    assert told(root, "/app/run")["kind"] == "dynamic"
    assert told(root, "/app/run")["libraries"] == sorted(f"/{path}" for path in libraries)


def test_libraries_that_arent_there_are_left_out(lay: Lay, built: Path) -> None:
    assert told(lay({"run": (built / "dynamic").read_bytes()}), "/run") == {
        "path": "/run", "kind": "dynamic", "interpreter": "", "libraries": [], "shell": False,
    }  # fmt: skip


def test_a_script_and_what_runs_it(lay: Lay, built: Path) -> None:
    root = lay({"app/start": "#!/usr/bin/env -S node --quiet\n", "usr/bin/node": (built / "static").read_bytes(), "usr/bin/start": "->/app/start"})
    found = told(root, "start")
    assert (found["path"], found["kind"], found["interpreter"]) == ("/app/start", "script", "/usr/bin/node")


@pytest.mark.parametrize("command", ["exec ./run --port 80", "run", "/app/run; echo done"])
def test_through_a_shell(lay: Lay, built: Path, command: str) -> None:
    found = told(lay({"app/run": (built / "static").read_bytes()}), "/bin/sh", "-c", command.replace(";", " ;"), workdir="/app")
    assert (found["path"], found["shell"]) == ("/app/run", True)


@pytest.mark.parametrize(
    ("words", "files"),
    [
        ([], {}), (["/none"], {}), (["/text"], {"text": "hello"}), (["/empty"], {"empty": ""}), (["/bin/sh", "-c", "'"], {}),
        (["/elf"], {"elf": b"\x7fELF\x02\x01" + b"\xff" * 60}), (["/folder"], {"folder/x": ""}), ([7], {}),
    ],
)  # fmt: skip
def test_nothing_that_can_be_told(lay: Lay, words: list[str], files: dict[str, str]) -> None:
    assert program.describe(Tree(str(lay({"x": "", **files}))), {"entrypoint": words, "workdir": 5}) is None


def test_a_loader_that_lies(lay: Lay, built: Path) -> None:
    """Bytes of the dynamic section changed at random: an answer, never an error."""
    data = bytearray((built / "dynamic").read_bytes())
    for at in range(0, len(data), 7):
        data[at] ^= 0xFF if at > 64 and at % 3 == 0 else 0
    program.describe(Tree(str(lay({"run": bytes(data)}))), {"entrypoint": ["/run"]})
