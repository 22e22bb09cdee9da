"""Docker's own archives of an image, read independently of the scan: what `docker export` and `docker save` print."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

BLOCK = 4096
FAST_LINK = 60
"""Bytes of a symbolic link's text that ext4 keeps in the inode, without a block."""


@dataclass(frozen=True)
class Entry:
    """One member of a tar archive. `kind` is file, folder, link (symbolic), same (hard) or other; `target` is of the last two."""

    path: str
    kind: str
    size: int
    target: str


@dataclass(frozen=True)
class Exported:
    """The final file system as `docker export` tells it: bytes of the regular files, hard links once, and the paths of all of them."""

    size: int
    paths: frozenset[str]


@dataclass(frozen=True)
class Saved:
    """An image as `docker save` tells it: the digests of its unpacked layers, and what is in each, oldest first."""

    diff_ids: tuple[str, ...]
    layers: tuple[tuple[Entry, ...], ...]


def exported(stream: IO[bytes]) -> Exported:
    """What `tar` lists of an export."""
    words = ["tar", "--list", "--verbose", "--numeric-owner", "--quoting-style=literal"]
    listed = subprocess.run(words, stdin=stream, capture_output=True, check=True).stdout.decode(errors="surrogateescape")
    size, paths = 0, set()
    for line in listed.splitlines():
        mode, _, count, _, _, name = line.split(maxsplit=5)
        if mode[0] in "-h":
            size += int(count) if mode[0] == "-" else 0
            paths.add(_plain(name.partition(" link to ")[0] if mode[0] == "h" else name))
    return Exported(size, frozenset(paths))


def saved(stream: IO[bytes]) -> dict[str, Saved]:
    """Every image of one `docker save` by name. Layers are read as they come by; each is read once, whichever images have it."""
    layers: dict[str, tuple[Entry, ...]] = {}
    texts: dict[str, bytes] = {}
    with tarfile.open(fileobj=stream, mode="r|", bufsize=1 << 20) as tar:
        for member in tar:
            opened = tar.extractfile(member) if member.isreg() else None
            if opened is None:
                continue
            with opened, io.BufferedReader(opened, 1 << 20) as whole:  # type: ignore[type-var]
                head = whole.peek(512)
                if head[:2] == b"\x1f\x8b" or head[257:262] == b"ustar":
                    layers[member.name] = tuple(entries(whole))
                elif head[:1] in {b"{", b"["}:
                    texts[member.name] = whole.read()
    images: dict[str, Saved] = {}
    for image in json.loads(texts["manifest.json"]):
        diff_ids = tuple(json.loads(texts[image["Config"]])["rootfs"]["diff_ids"])
        one = Saved(diff_ids, tuple(layers.get(name, ()) for name in image["Layers"]))
        images |= dict.fromkeys(image["RepoTags"], one)
    return images


def entries(stream: IO[bytes]) -> Iterator[Entry]:
    """The members of a layer, packed or not."""
    with tarfile.open(fileobj=stream, mode="r|*", bufsize=1 << 20) as tar:
        for member in tar:
            kind = "file" if member.isreg() else "folder" if member.isdir() else "link" if member.issym() else "same" if member.islnk() else "other"
            size = member.size if kind == "file" else len(member.linkname.encode()) if kind == "link" else 0
            target = _plain(member.linkname) if kind == "same" else member.linkname
            yield Entry(_plain(member.name), kind, size, target)


def final(layers: Iterable[Sequence[Entry]]) -> dict[str, Entry]:
    """What is left when the layers are laid on each other, by path. A hard link is the very entry that it links to."""
    tree: dict[str, Entry] = {"": Entry("", "folder", 0, "")}
    for layer in layers:
        mine: dict[str, Entry] = {}
        for one in layer:
            folder, _, name = one.path.rpartition("/")
            if name == ".wh..wh..opq":
                _drop(tree, folder, itself=False)
            elif name.startswith(".wh."):
                _drop(tree, f"{folder}/{name[4:]}".lstrip("/"))
            else:
                mine[one.path] = mine[one.target] if one.kind == "same" else one
        for path, one in mine.items():
            if path in tree and "folder" in {one.kind, tree[path].kind} and one.kind != tree[path].kind:
                _drop(tree, path)
            tree[path] = one
    return tree


def apparent(found: Iterable[Entry]) -> int:
    """Bytes of the regular files, each once."""
    return sum(one.size for one in _once(found) if one.kind == "file")


def stored(layer: Sequence[Entry]) -> int:
    """Bytes that the classic store says a layer has: its files, and the texts of its symbolic links."""
    return sum(one.size for one in layer if one.kind in {"file", "link"})


def blocks(found: Iterable[Entry]) -> int:
    """The disk blocks of files and folders on a file system with blocks of 4096 bytes, where no folder takes more than one."""
    return sum(_blocks(one) for one in _once(found))


def _blocks(one: Entry) -> int:
    if one.kind == "folder":
        return BLOCK
    if one.kind == "link":
        return BLOCK if one.size >= FAST_LINK else 0
    return -(-one.size // BLOCK) * BLOCK


def _once(found: Iterable[Entry]) -> list[Entry]:
    return list({id(one): one for one in found}.values())


def _drop(tree: dict[str, Entry], path: str, *, itself: bool = True) -> None:
    inside = f"{path}/" if path else ""
    for other in [other for other in tree if other and (other.startswith(inside) or (itself and other == path))]:
        del tree[other]


def _plain(path: str) -> str:
    return path.removeprefix("./").strip("/") if path != "." else ""
