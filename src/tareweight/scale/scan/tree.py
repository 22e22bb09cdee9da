"""The file system under one folder, walked once: names, sizes and modes, without following a link and without opening a file."""

from __future__ import annotations

import os
import stat
from typing import BinaryIO, NamedTuple

MOST_ENTRIES = 1_000_000
"""Entries that are kept by name; beyond them only sums are counted, and the tree is said to be cut."""
MOST_NOTES = 50
READ_LIMIT = 16_000_000
"""Bytes of one file that are read at most."""
_LINKS = 40


class File:
    """A regular file. `first` is False for a further name of a hard link, whose bytes were counted with another path."""

    __slots__ = ("first", "mode", "mtime", "owner", "place", "size", "uid")

    def __init__(self, size: int, mode: int, uid: int, mtime: int, first: bool) -> None:
        self.size = size
        self.mode = mode
        self.uid = uid
        self.mtime = mtime
        self.first = first
        self.owner = -1
        """Number of the package that owns it; -1 for none."""
        self.place = ""
        """Its class, once it has one."""

    @property
    def bytes(self) -> int:
        """What it adds to the size of the image."""
        return self.size if self.first else 0


class Found(NamedTuple):
    """A package that a database tells of. `owns` are paths in the tree (no leading slash); those that don't exist are passed over."""

    type: str
    name: str
    version: str
    owns: list[str]
    path: str = ""
    source: str = ""


class Tree:
    """What is under `root`. Paths have no leading slash: "usr/bin/env"."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.files: dict[str, File] = {}
        self.links: dict[str, str] = {}
        """Symbolic links and their targets as written."""
        self.folders: dict[str, int] = {}
        """Directories and their modes; the root is ""."""
        self.names: dict[str, list[str]] = {}
        """Base name -> the files that have it."""
        self.size = 0
        self.count = 0
        self.link_bytes = 0
        self.blocks = 0
        self.complete = True
        self.notes: list[str] = []
        self._seen: set[tuple[int, int]] = set()
        self._walk()

    def note(self, text: str) -> None:
        """Say something about the scan; beyond `MOST_NOTES` it is dropped."""
        if len(self.notes) < MOST_NOTES:
            self.notes.append(text)

    def open(self, path: str) -> BinaryIO | None:
        """The file at `path` (a key of `files`), or None with a note where it can't be read. Never follows a link."""
        try:
            return os.fdopen(os.open(os.path.join(self.root, path), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")
        except OSError as error:
            self.note(f"/{path}: can't be read: {error.strerror}")
            return None

    def read(self, path: str, limit: int = READ_LIMIT) -> bytes:
        """The first `limit` bytes of a file; empty where it can't be read or isn't a regular file of the tree."""
        if path not in self.files:
            return b""
        file = self.open(path)
        if file is None:
            return b""
        try:
            with file:
                return file.read(limit)
        except OSError as error:
            self.note(f"/{path}: can't be read: {error.strerror}")
            return b""

    def resolve(self, path: str) -> str:
        """`path` with every link on its way followed inside the tree, as the image's own root would; it need not exist."""
        left = [part for part in path.split("/") if part not in ("", ".")][::-1]
        done: list[str] = []
        hops = 0
        while left:
            part = left.pop()
            if part == "..":
                if done:
                    done.pop()
                continue
            here = "/".join([*done, part])
            target = self.links.get(here)
            if target is None:
                done.append(part)
                continue
            hops += 1
            if hops > _LINKS:
                return path
            if target.startswith("/"):
                done = []
            left += [piece for piece in target.split("/") if piece not in ("", ".")][::-1]
        return "/".join(done)

    def _walk(self) -> None:
        waiting = [""]
        try:
            top = os.lstat(self.root)
        except OSError as error:
            raise SystemExit(f"{self.root}: {error.strerror}") from error
        self.folders[""] = stat.S_IMODE(top.st_mode)
        self.blocks += top.st_blocks * 512
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(os.path.join(self.root, folder)) as entries:
                    for entry in entries:
                        path = f"{folder}/{entry.name}" if folder else entry.name
                        self._take(entry, path, waiting)
            except OSError as error:
                self.complete = False
                self.note(f"/{folder}: can't be listed: {error.strerror}")

    def _take(self, entry: os.DirEntry[str], path: str, waiting: list[str]) -> None:
        told = entry.stat(follow_symlinks=False)
        kind = stat.S_IFMT(told.st_mode)
        again = False
        if told.st_nlink > 1 and kind != stat.S_IFDIR:
            key = (told.st_dev, told.st_ino)
            again = key in self._seen
            self._seen.add(key)
        if not again:
            self.blocks += told.st_blocks * 512
        keep = self._room()
        if kind == stat.S_IFDIR:
            waiting.append(path)
            if keep:
                self.folders[path] = stat.S_IMODE(told.st_mode)
        elif kind == stat.S_IFREG:
            self.count += 1
            self.size += 0 if again else told.st_size
            if keep:
                self.files[path] = File(told.st_size, stat.S_IMODE(told.st_mode), told.st_uid, int(told.st_mtime), not again)
                self.names.setdefault(entry.name, []).append(path)
        elif kind == stat.S_IFLNK:
            self.link_bytes += 0 if again else told.st_size
            if keep:
                self.links[path] = os.readlink(os.path.join(self.root, path))

    def _room(self) -> bool:
        if len(self.files) + len(self.links) + len(self.folders) < MOST_ENTRIES:
            return True
        if self.complete:
            self.complete = False
            self.note(f"more than {MOST_ENTRIES} entries: the rest is counted, and not looked at")
        return False
