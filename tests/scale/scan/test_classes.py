"""Every line of the table in classes.py, with a file that it is for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tareweight.scale.scan import classes, scan
from tareweight.scale.scan.tree import Found, Tree
from tareweight.scale.weight import CLASSES

Lay = Callable[..., Path]
HINTS: dict[str, object] = {
    "workdir": "/app",
    "entrypoint": ["/calculator", "python3", "main.jar", "./run.sh"],
    "copies": ["/app", "/usr/share/nginx/html", "/etc/own.conf", "/"],
}

PLACES: dict[str, tuple[str, Found | None]] = {
    "calculator": ("app", Found("golang", "example.org/calculator", "1", ["calculator"])),
    "app/main.jar": ("app", Found("maven", "main", "1", ["app/main.jar"])),
    "app/lib/other.jar": ("packages", Found("maven", "other", "1", ["app/lib/other.jar"])),
    "app/run.sh": ("app", None),
    "app/main.py": ("app", None),
    "app/tool": ("app", Found("golang", "tool", "1", ["app/tool"])),
    "app/node_modules/x/index.js": ("packages", Found("npm", "x", "1", ["app/node_modules/x/index.js"])),
    "app/.git/HEAD": ("leftover", None),
    "usr/share/nginx/html/index.html": ("app", None),
    "etc/own.conf": ("app", None),
    "usr/bin/python3": ("runtime", Found("deb", "python3-minimal", "1", ["usr/bin/python3"])),
    "usr/bin/gcc": ("runtime", Found("deb", "gcc-14", "1", ["usr/bin/gcc"])),
    "usr/lib/gcc/base": ("os", Found("deb", "gcc-14-base", "1", ["usr/lib/gcc/base"])),
    "usr/include/stdio.h": ("runtime", Found("deb", "libc6-dev", "1", ["usr/include/stdio.h"])),
    "usr/lib/libc.so.6": ("os", Found("deb", "libc6", "1", ["usr/lib/libc.so.6"])),
    "usr/lib/libgcc_s.so.1": ("os", Found("deb", "libgcc-s1", "1", ["usr/lib/libgcc_s.so.1"])),
    "usr/share/doc/libc6/copyright": ("docs", Found("deb", "libc6", "1", ["usr/share/doc/libc6/copyright"])),
    "usr/share/man/man1/gcc.1.gz": ("docs", Found("deb", "gcc-14", "1", ["usr/share/man/man1/gcc.1.gz"])),
    "usr/local/share/man/man1/node.1": ("docs", Found("generic", "node", "24", ["usr/local/share/man/man1/node.1"])),
    "usr/lib/locale/C.utf8/LC_CTYPE": ("docs", None),
    "usr/local/bin/node": ("runtime", Found("generic", "node", "24", ["usr/local/bin/node"])),
    "busybox/busybox": ("os", Found("generic", "busybox", "1", ["busybox/busybox"])),
    "usr/local/go/src/fmt/print.go": ("runtime", None),
    "usr/local/go/bin/go": ("runtime", Found("golang", "cmd/go", "1", ["usr/local/go/bin/go"])),
    "usr/local/lib/python3.13/os.py": ("runtime", None),
    "usr/local/lib/python3.13/site-packages/loose.py": ("unowned", None),
    "usr/local/lib/python3.13/site-packages/y/__init__.py": ("packages", Found("pypi", "y", "1", ["usr/local/lib/python3.13/site-packages/y/__init__.py"])),
    "usr/local/bin/gosu": ("packages", Found("golang", "gosu", "1", ["usr/local/bin/gosu"])),
    "opt/java/openjdk/lib/modules": ("runtime", None),
    "var/lib/apt/lists/x": ("leftover", None),
    "var/log/kept": ("os", Found("deb", "logger", "1", ["var/log/kept"])),
    "var/lib/dpkg/status": ("os", None),
    "etc/passwd": ("os", None),
    "opt/thing/data": ("unowned", None),
    "data": ("unowned", None),
}  # fmt: skip


def test_names_are_those_of_a_weight() -> None:
    assert list(CLASSES) == list(classes.NAMES)


def scanned(root: Path, packages: list[Found], hints: dict[str, object]) -> dict[str, str]:
    def read(_: Tree) -> Iterator[Found]:
        yield from packages

    kept: list[Tree] = []

    def keep(tree: Tree) -> Iterator[Found]:
        kept.append(tree)
        return iter(())

    told = scan.scan(str(root), hints, None, [read, keep])
    assert sum(told["classes"].values()) == told["size"]
    return {path: file.place for path, file in kept[0].files.items()}


def test_every_line_of_the_table(lay: Lay) -> None:
    root = lay({**dict.fromkeys(PLACES, "xy"), "usr/local/bin/python3": "->/usr/bin/python3"})
    found = scanned(root, [package for _, package in PLACES.values() if package], HINTS)
    assert found == {path: place for path, (place, _) in PLACES.items()}


def test_without_hints_nothing_is_the_apps(lay: Lay) -> None:
    assert set(scanned(lay({"app/x": "1", "usr/y": "2"}), [], {}).values()) == {"unowned"}


def test_hints_that_make_no_sense(lay: Lay) -> None:
    root = lay({"app/x": "1", "loop": "->loop"})
    hints: dict[str, object] = {"workdir": 3, "entrypoint": [None, "", "/", "..", "../../app/x", "\0"], "copies": "/app"}
    assert scanned(root, [], hints) == {"app/x": "app"}
    assert scanned(root, [], {"workdir": "/loop", "copies": ["/loop/x", "/../.."], "entrypoint": {}}) == {"app/x": "unowned"}


def test_an_app_that_works_below_tmp_is_not_left_behind(lay: Lay) -> None:
    root = lay({"tmp/app/main.py": "1", "tmp/other": "1", "tmp/app/.git/HEAD": "1"})
    assert scanned(root, [], {"workdir": "/tmp/app"}) == {"tmp/app/main.py": "app", "tmp/other": "leftover", "tmp/app/.git/HEAD": "leftover"}


RUNTIMES = """python3.13-minimal libpython3.13-stdlib golang-1.24-go cpp-14-x86-64-linux-gnu binutils-x86-64-linux-gnu libstdc++-14-dev linux-libc-dev nodejs
    openjdk-21-jre-headless openjdk21-jre perl-base libperl5.40 ruby3.3 build-base libasan8 go npm"""
SYSTEM = "libc6 libstdc++6 libgcc-s1 gcc-14-base bash coreutils git libyaml-0-2 musl busybox libpng16-16t64 golf perlite"


@pytest.mark.parametrize("name", RUNTIMES.split())
def test_runtime_packages(name: str) -> None:
    assert classes._package_class(Found("deb", name, "1", [])) == "runtime"


@pytest.mark.parametrize("name", SYSTEM.split())
def test_os_packages(name: str) -> None:
    assert classes._package_class(Found("deb", name, "1", [])) == "os"
