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
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class File:
    """A regular file. `first` is False for a further name of a hard link, whose bytes are counted with another path."""

    __slots__ = ("first", "folder", "mode", "mtime", "owner", "place", "size", "uid")

    def __init__(self, folder: str, size: int, mode: int, uid: int, mtime: int) -> None:
        self.folder = folder
        self.size = size
        self.mode = mode
        self.uid = uid
        self.mtime = mtime
        self.first = True
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
    """What is under `root`, every listing sorted. Paths have no leading slash: "usr/bin/env"."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.files: dict[str, File] = {}
        self.links: dict[str, str] = {}
        """Symbolic links and their targets as written."""
        self.folders: dict[str, int] = {}
        """Directories and their modes; the root is ""."""
        self.names: dict[str, list[str]] = {}
        """Base name -> the files that have it."""
        self.twins: dict[str, list[str]] = {}
        """Each name of a hard-linked file -> all of them; its bytes are counted at the first."""
        self.size = 0
        self.count = 0
        self.link_bytes = 0
        self.blocks = 0
        self.complete = True
        self.notes: list[str] = []
        self._linked: dict[tuple[int, int], list[str]] = {}
        self._resolved: dict[str, str] = {}
        try:
            self._top = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise SystemExit(f"{root}: {error.strerror}") from error
        self._walk()
        self._sort()

    def note(self, text: str) -> None:
        """Say something about the scan, once; beyond `MOST_NOTES` it is dropped."""
        if len(self.notes) < MOST_NOTES and text not in self.notes:
            self.notes.append(text)

    def cut(self, text: str) -> None:
        """Say that something of the tree is missing from the scan."""
        self.complete = False
        self.note(text)

    def open(self, path: str) -> BinaryIO | None:
        """The file at `path` (a key of `files`), or None with a note where it can't be read. Never follows a link, never waits."""
        if path not in self.files:
            return None
        try:
            return os.fdopen(os.open(path, _FILE, dir_fd=self._top), "rb")
        except OSError as error:
            self.note(f"/{path}: can't be read: {error.strerror}")
            return None

    def read(self, path: str, limit: int = READ_LIMIT) -> bytes:
        """The first `limit` bytes of a file; empty where it can't be read or isn't a regular file of the tree."""
        if path not in self.files:
            return b""
        try:
            descriptor = os.open(path, _FILE, dir_fd=self._top)
            try:
                return _all(descriptor, min(limit, self.files[path].size))
            finally:
                os.close(descriptor)
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

    def locate(self, path: str) -> str:
        """The key of `files` that `path` means when links among its folders are followed, the last part never; empty for none."""
        if path in self.files:
            return path
        if path in self.folders or path in self.links:
            return ""
        folder, _, name = path.rpartition("/")
        real = self._resolved.get(folder)
        if real is None:
            if len(self._resolved) > MOST_ENTRIES:
                self._resolved.clear()
            real = self._resolved[folder] = self.resolve(folder)
        found = f"{real}/{name}" if real else name
        return found if found in self.files else ""

    def count_at(self, path: str) -> None:
        """Count the bytes of a hard-linked file at this one of its names."""
        names = self.twins.get(path)
        if names and names[0] != path:
            self.files[names[0]].first = False
            self.files[path].first = True
            names.remove(path)
            names.insert(0, path)

    def _walk(self) -> None:
        told = os.fstat(self._top)
        self.folders[""] = stat.S_IMODE(told.st_mode)
        self.blocks += told.st_blocks * 512
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            try:
                # Relative to the root, so that no path that an image can name is too long.
                descriptor = os.open(folder or ".", _FOLDER, dir_fd=self._top)
                try:
                    with os.scandir(descriptor) as entries:
                        for entry in entries:
                            self._take(entry, folder, descriptor, waiting)
                finally:
                    os.close(descriptor)
            except OSError as error:
                self.cut(f"/{folder[:1000]}: can't be listed: {error.strerror}")

    def _take(self, entry: os.DirEntry[str], folder: str, descriptor: int, waiting: list[str]) -> None:
        told = entry.stat(follow_symlinks=False)
        mode = told.st_mode
        kind = mode & 0o170000
        path = f"{folder}/{entry.name}" if folder else entry.name
        keep = len(self.files) + len(self.links) + len(self.folders) < MOST_ENTRIES
        if not keep:
            self.cut(f"more than {MOST_ENTRIES} entries: the rest is counted, and not looked at")
        again = told.st_nlink > 1 and kind != stat.S_IFDIR and self._again(told, path if keep and kind == stat.S_IFREG else "")
        if not again:
            self.blocks += told.st_blocks * 512
        if kind == stat.S_IFREG:
            self.count += 1
            self.size += 0 if again else told.st_size
            if keep:
                self.files[path] = File(folder, told.st_size, mode & 0o7777, told.st_uid, int(told.st_mtime))
        elif kind == stat.S_IFDIR:
            if len(waiting) < MOST_ENTRIES:
                waiting.append(path)
            else:
                self.cut(f"more than {MOST_ENTRIES} folders at once: the rest isn't counted")
            if keep:
                self.folders[path] = mode & 0o7777
        elif kind == stat.S_IFLNK:
            self.link_bytes += 0 if again else told.st_size
            if keep:
                self.links[path] = os.readlink(entry.name, dir_fd=descriptor)

    def _again(self, told: os.stat_result, path: str) -> bool:
        """Whether another name of this file was met before. `path` is kept as one of its names unless it is empty."""
        key = (told.st_dev, told.st_ino)
        names = self._linked.get(key)
        if names is None:
            if len(self._linked) < MOST_ENTRIES:
                self._linked[key] = [path] if path else []
            return False
        if path:
            names.append(path)
        return True

    def _sort(self) -> None:
        """Two walks of one tree must give the same, in whatever order its folders are listed."""
        self.files = dict(sorted(self.files.items()))
        self.links = dict(sorted(self.links.items()))
        self.folders = dict(sorted(self.folders.items()))
        for path in self.files:
            self.names.setdefault(path.rpartition("/")[2], []).append(path)
        for names in self._linked.values():
            names.sort()
            for path in names[1:]:
                self.files[path].first = False
            if len(names) > 1:
                self.twins.update(dict.fromkeys(names, names))
        self._linked.clear()
        self.notes.sort()


def _all(descriptor: int, size: int) -> bytes:
    """The first `size` bytes, or fewer where the file ends sooner."""
    data = os.read(descriptor, size)
    while 0 < len(data) < size:
        more = os.read(descriptor, size - len(data))
        if not more:
            break
        data += more
    return data
