"""Java's libraries: jar, war and ear archives, and those packed in them."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from ..tree import Found, Tree
from .binary import java_homes
from .text import label

_ARCHIVES = (".jar", ".war", ".ear")
_DEEPEST = 3
"""Archives in archives: an application, its libraries, and what one of these may carry."""
_BIGGEST_NESTED = 64_000_000
_MOST_UNPACKED = 1_000_000_000
"""Bytes that one scan unpacks; beyond it, archives in archives are passed over."""
_BIGGEST_DIRECTORY = 8_000_000
"""Bytes of an archive's own table; 100,000 entries and more."""
_BIGGEST_TEXT = 100_000
_MOST_MERGED = 500
_TAIL = 66_000
_END = b"PK\x05\x06"
_LARGE = b"PK\x06\x07"
"""Before the end: the table's true size is elsewhere (zip64)."""
_POM = re.compile(r"META-INF/maven/[^/]+/[^/]+/pom\.properties")
_VERSIONED = re.compile(r"(.+?)-(\d[\w.+-]*)")
_WORD = re.compile(r"[\w.-]+")
_UNREADABLE = (OSError, EOFError, ValueError, IndexError, KeyError, RuntimeError, OverflowError, struct.error, zlib.error, zipfile.BadZipFile)


class Library(NamedTuple):
    """What an archive says that it is."""

    name: str
    version: str


class Reader:
    """Reads the archives of one tree, and counts what it unpacks."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.left = _MOST_UNPACKED

    def archive(self, file: BinaryIO, path: str, depth: int = 0) -> Iterator[Found]:
        """The archive itself, which is owned where it is a file, what was merged into it, and what lies in it."""
        owns = [] if depth else [path]
        try:
            _check(file)
            packed = zipfile.ZipFile(file)
            libraries = list(self._libraries(packed, path))
        except _UNREADABLE:
            self.tree.note(f"/{path}: not an archive that can be read")
            yield from _found([_by_name(path)], path, owns)
            return
        with packed:
            yield from _found(libraries, path, owns)
            for entry in packed.infolist():
                if entry.filename.endswith(_ARCHIVES):
                    yield from self._nested(packed, entry, f"{path}!/{label(entry.filename)}", depth + 1)

    def _nested(self, packed: zipfile.ZipFile, entry: zipfile.ZipInfo, path: str, depth: int) -> Iterator[Found]:
        if depth >= _DEEPEST or entry.file_size > min(self.left, _BIGGEST_NESTED):
            self.tree.note(f"/{path}: not looked into, too deep or too big")
            return
        try:
            data = self._content(packed, entry, _BIGGEST_NESTED)
        except _UNREADABLE:
            self.tree.note(f"/{path}: can't be unpacked")
            return
        yield from self.archive(io.BytesIO(data), path, depth)

    def _content(self, packed: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
        """At most `limit` bytes of an entry. Packings other than deflate aren't used in jars, and can't be unpacked in bounded memory."""
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise ValueError("odd packing")
        with packed.open(entry) as file:
            data = file.read(min(limit, self.left))
        self.left -= len(data)
        return data

    def _libraries(self, packed: zipfile.ZipFile, path: str) -> Iterator[Library]:
        """What the archive is, and then what was merged into it.

        Maven leaves both there. Without it the file's name, where it has a version, says more than the manifest: of 1020 jars
        in a Maven repository, manifests named 173 otherwise than the repository does, and file names one.
        """
        by_name = _by_name(path)
        entries = packed.infolist()
        poms = [entry for entry in entries if _POM.fullmatch(entry.filename)]
        told = [one for one in (_pom(self._content(packed, entry, _BIGGEST_TEXT)) for entry in poms[:_MOST_MERGED]) if one]
        if told:
            own = [one for one in told if one.name.partition(":")[2] == by_name.name]
            if not own and (len(told) > 1 or by_name.version):
                yield by_name
            yield from own + [one for one in told if one not in own]
            return
        if by_name.version:
            yield by_name
            return
        manifest = next((entry for entry in entries if entry.filename == "META-INF/MANIFEST.MF"), None)
        yield _by_manifest(self._content(packed, manifest, _BIGGEST_TEXT), by_name) if manifest else by_name


def read(tree: Tree) -> Iterator[Found]:
    """The libraries in the tree, but for those that a Java runtime is made of."""
    paths = sorted(path for name, paths in tree.names.items() if name.endswith(_ARCHIVES) for path in paths)
    if not paths:
        return
    homes = tuple(f"{home}/" for home in java_homes(tree))
    reader = Reader(tree)
    for path in paths:
        file = None if path.startswith(homes) else tree.open(path)
        if file:
            with file:
                yield from reader.archive(file, path)


def _check(file: BinaryIO) -> None:
    """`ValueError` for an archive whose table is larger than an honest one's: it is read into memory whole."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _TAIL))
    tail = file.read(_TAIL)
    at = tail.rindex(_END)
    (directory,) = struct.unpack_from("<I", tail, at + 12)
    if directory > _BIGGEST_DIRECTORY or tail[max(0, at - 20) : at].startswith(_LARGE):
        raise ValueError("too many entries")


def _pom(data: bytes) -> Library | None:
    pairs = (line.partition("=") for line in data.decode("utf-8", "replace").splitlines())
    told = {key.strip(): value.strip() for key, _, value in pairs}
    group, name, version = (told.get(key, "") for key in ("groupId", "artifactId", "version"))
    return Library(f"{group}:{name}" if group else name, version) if name and version else None


def _by_manifest(data: bytes, by_name: Library) -> Library:
    """The main section of a manifest: lines are folded with a space. Titles in words aren't names."""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\n ", "").partition("\n\n")[0]
    told = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in text.split("\n"))}
    title, bundle = told.get("Implementation-Title", ""), told.get("Bundle-SymbolicName", "").partition(";")[0].strip()
    name = next((one for one in (title, bundle) if _WORD.fullmatch(one)), by_name.name)
    version = told.get("Implementation-Version") or told.get("Bundle-Version") or by_name.version
    return Library(name, version)


def _by_name(path: str) -> Library:
    stem = path.rpartition("/")[2].rpartition(".")[0]
    match = _VERSIONED.fullmatch(stem)
    return Library(*match.groups()) if match else Library(stem, "")


def _found(libraries: list[Library], path: str, owns: list[str]) -> Iterator[Found]:
    for index, (name, version) in enumerate(libraries):
        yield Found("maven", label(name), label(version), owns if index == 0 else [], f"/{path}")
