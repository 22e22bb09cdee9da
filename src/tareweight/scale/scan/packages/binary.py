"""Interpreters and toolchains that were copied or unpacked without a package: Node, Python, Go, Java, busybox."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator

from ..tree import Found, Tree
from .paths import under
from .text import label

Told = tuple[str, str, str, list[str]]
"""Name, version, where it lies, and its files."""
_SEARCHED = 256_000_000
"""Bytes of a program that are searched for its version."""
_MOST_TRIES = 10_000
_NODE_BINARY = re.compile(rb"nodejs\.org/download/release/v(\d+\.\d+\.\d+)")
_BUSYBOX = re.compile(rb"BusyBox v(\d[\w.]*)")
_JAVA = re.compile(r'^JAVA_VERSION="?([^"\s]+)', re.MULTILINE)
_PYTHON = re.compile(r"python(3\.\d+)t?")
_NODE_FILES = ("LICENSE", "README.md", "CHANGELOG.md", "share/man/man1/node.1", "share/systemtap/tapset/node.stp")


def read(tree: Tree) -> Iterator[Found]:
    """What no package owns. It comes last: `owner` of the files says what the packages have claimed."""
    for find in (_node, _python, _go, _java, _busybox):
        for name, version, path, owns in find(tree):
            yield Found("generic", name, label(version), owns, f"/{path}")


def java_homes(tree: Tree) -> list[str]:
    """The folders of Java runtimes and development kits."""
    homes = (path.rpartition("/")[0] for path in sorted(tree.names.get("release", [])))
    return [home for home in homes if home and f"{home}/bin/java" in tree.files]


def _programs(tree: Tree, name: str) -> Iterator[tuple[str, str]]:
    """Unowned programs of this name in a bin folder, and the folder above that (with a slash at the end; "" for the root)."""
    for path in sorted(tree.names.get(name, [])):
        entry = tree.files[path]
        folder = f"/{path}".rpartition("/")[0]
        if entry.owner == -1 and entry.mode & 0o111 and folder.endswith("/bin"):
            yield path, folder[1:-3]


def _node(tree: Tree) -> Iterator[Told]:
    for path, prefix in _programs(tree, "node"):
        version = _node_version(tree, prefix) or _search(tree, path, b"nodejs.org/download/release/v", _NODE_BINARY)
        if version:
            more = [prefix + name for name in _NODE_FILES if prefix not in {"", "usr/"}]
            yield "node", version, path, [path, *more, *under(tree, f"{prefix}include/node", f"{prefix}share/doc/node")]


def _node_version(tree: Tree, prefix: str) -> str:
    text = tree.read(f"{prefix}include/node/node_version.h", 64_000).decode("utf-8", "replace")
    parts = [re.search(rf"#define NODE_{part}_VERSION (\d+)", text) for part in ("MAJOR", "MINOR", "PATCH")]
    return ".".join(part.group(1) for part in parts if part) if all(parts) else ""


def _python(tree: Tree) -> Iterator[Told]:
    for name in sorted(tree.names):
        match = _PYTHON.fullmatch(name)
        if match:
            for path, prefix in _programs(tree, name):
                yield from _one_python(tree, path, prefix, match.group(1))


def _one_python(tree: Tree, path: str, prefix: str, minor: str) -> Iterator[Told]:
    """One interpreter: its library and its standard library, but not what is installed into it."""
    name = path.rpartition("/")[2]
    shared = tree.names.get(f"lib{name}.so.1.0", []) + tree.names.get("libpython3.so", [])
    libraries = sorted(one for one in shared if one.startswith(f"{prefix}lib/"))
    header = tree.read(f"{prefix}include/{name}/patchlevel.h", 64_000)
    told = re.search(rb'#define PY_VERSION\s+"([\w.+]+)"', header)
    version = told.group(1).decode() if told else ""
    literal = re.compile(rb"\0(" + re.escape(minor).encode() + rb"\.\d+(?:(?:a|b|rc)\d+)?\+?)\0")
    for program in (path, *libraries):
        version = version or _search(tree, program, b"\0" + minor.encode() + b".", literal)
    if not version:
        return
    scripts = [f"{prefix}bin/{one}{minor}" for one in ("idle", "pydoc", "2to3-")] + [f"{prefix}bin/{name}-config"]
    installed = tuple(f"{prefix}lib/{name}/{site}/" for site in ("site-packages", "dist-packages"))
    library = under(tree, f"{prefix}lib/{name}", f"{prefix}include/{name}")
    yield "python", version, path, [path, *libraries, *scripts, *(one for one in library if not one.startswith(installed))]


def _go(tree: Tree) -> Iterator[Told]:
    for path in sorted(tree.names.get("VERSION", [])):
        root = path.rpartition("/")[0]
        program = tree.files.get(f"{root}/bin/go")
        if root and program and program.owner == -1:
            version = tree.read(path, 1000).decode("utf-8", "replace").split("\n")[0]
            if version.startswith("go1"):
                yield "go", version[2:], root, under(tree, root)


def _java(tree: Tree) -> Iterator[Told]:
    for home in java_homes(tree):
        told = _JAVA.search(tree.read(f"{home}/release", 64_000).decode("utf-8", "replace"))
        if told and tree.files[f"{home}/bin/java"].owner == -1:
            yield "jdk" if f"{home}/bin/javac" in tree.files else "jre", told.group(1), home, under(tree, home)


def _busybox(tree: Tree) -> Iterator[Told]:
    for path in sorted(tree.names.get("busybox", [])):
        entry = tree.files[path]
        if entry.owner == -1 and entry.mode & 0o111:
            version = _search(tree, path, b"BusyBox v", _BUSYBOX)
            if version:
                # Its applets may be hard links to it, and any of them may have been counted first.
                same = [one for one, other in tree.files.items() if (other.size, other.mtime) == (entry.size, entry.mtime)]
                folder = path.rpartition("/")[0]
                yield "busybox", version, path, [one for one in same if one.rpartition("/")[0] == folder]


def _search(tree: Tree, path: str, start: bytes, pattern: re.Pattern[bytes]) -> str:
    """The first group of `pattern` in a program, which begins with `start`; empty where it isn't there."""
    file = tree.open(path) if path in tree.files and tree.files[path].size else None
    if file is None:
        return ""
    try:
        with file, mmap.mmap(file.fileno(), min(tree.files[path].size, _SEARCHED), access=mmap.ACCESS_READ) as data:
            at = data.find(start)
            for _ in range(_MOST_TRIES):
                match = pattern.match(data, at) if at >= 0 else None
                if at < 0 or match:
                    return match.group(1).decode("ascii", "replace") if match else ""
                at = data.find(start, at + 1)
    except (OSError, ValueError):
        tree.note(f"/{path}: can't be searched for its version")
    return ""
