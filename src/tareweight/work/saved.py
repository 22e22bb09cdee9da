"""Two images of one target as the engine saves them -> what differs of what a container sees, file by file. Nothing is unpacked."""

from __future__ import annotations

import hashlib
import io
import json
import posixpath
import subprocess
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, NamedTuple, cast

from tareweight.engine.client import Image
from tareweight.errors import TareError, one_line

_CHUNK = 1 << 20
_MOST_JSON = 1 << 24
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_KINDS = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.LNKTYPE: "hard link",
    tarfile.SYMTYPE: "link",
    tarfile.DIRTYPE: "folder",
    tarfile.CHRTYPE: "device",
    tarfile.BLKTYPE: "device",
    tarfile.FIFOTYPE: "pipe",
}


class Entry(NamedTuple):
    """An entry of a layer. `target` is what a link says, or a device's numbers; `digest` is of a file's bytes; `time` is in seconds since 1970."""

    kind: str
    mode: int
    owner: tuple[int, int]
    size: int
    digest: str
    target: str
    attributes: tuple[tuple[str, str], ...]
    time: float


Entries = Mapping[str, Entry]
Merged = Mapping[str, tuple[int, Entry]]


@dataclass(frozen=True)
class Saved:
    """An image's configuration, and the entries of its layers by path, oldest layer first."""

    config: Mapping[str, Any]
    layers: tuple[Entries, ...]


@dataclass(frozen=True)
class FileDiff:
    """A path of which more differs than the time; `why` says what, old before new."""

    path: str
    why: str


@dataclass(frozen=True)
class LayerDiff:
    """What differs of a layer's files, by its number from 1 and the instruction that made it."""

    number: int
    instruction: str
    files: tuple[FileDiff, ...]


@dataclass(frozen=True)
class Compared:
    """What two images differ in: by layer, in `settings` (keys of the configuration: `config.Env`), and in `times` of files and folders alone."""

    old: Image
    new: Image
    layers: tuple[LayerDiff, ...] = ()
    settings: tuple[str, ...] = ()
    times: int = 0

    @property
    def files(self) -> int:
        """Entries that differ in more than their time."""
        return sum(len(layer.files) for layer in self.layers)

    @property
    def same_content(self) -> bool:
        """Whether nothing differs but times, and what no container sees."""
        return not self.files and not self.settings

    @property
    def same_digest(self) -> bool:
        """Whether they are one image: the same to the last byte, times included."""
        return self.old.id == self.new.id


def compare(old: Image, new: Image) -> Compared:
    """What `new` has otherwise than `old`. `TareError` where the engine can't save them."""
    if old.id == new.id:
        return Compared(old, new)
    was, now = _save(old.id), _save(new.id)
    found, times = differences(merged(was.layers), merged(now.layers))
    made = max(_instructions(was.config), _instructions(now.config), key=len)
    layers = [LayerDiff(number, made[number - 1] if number <= len(made) else "?", tuple(files)) for number, files in sorted(found.items())]
    return Compared(old, new, tuple(layers), tuple(_settings(was.config, now.config)), times)


def merged(layers: Iterable[Entries]) -> Merged:
    """What a container sees of the layers: the entries by path, each with the number of its layer, from 1."""
    found: dict[str, tuple[int, Entry]] = {}
    for number, entries in enumerate(layers, 1):
        gone, emptied = set(), set()
        for path, one in entries.items():
            folder, _, name = path.rpartition("/")
            if name == _OPAQUE:
                emptied.add(folder)
            elif name.startswith(_WHITEOUT):
                gone.add(f"{folder}/{name.removeprefix(_WHITEOUT)}")
            elif one.kind != "folder":
                emptied.add(path)
        found = {path: one for path, one in found.items() if path not in gone and not any(above in gone or above in emptied for above in _above(path))}
        found |= {path: (number, one) for path, one in entries.items() if not path.rpartition("/")[2].startswith(_WHITEOUT)}
    return found


def _above(path: str) -> Iterator[str]:
    """The folders that a path lies in, the root as the empty text."""
    while path:
        path = path.rpartition("/")[0]
        yield path


def differences(old: Merged, new: Merged) -> tuple[dict[int, list[FileDiff]], int]:
    """What differs, by the number of the later layer that has it, sorted by path; and how many entries differ in their time alone."""
    found: dict[int, list[FileDiff]] = {}
    times = 0
    for path in sorted({*old, *new}):
        before, was = old.get(path, (0, None))
        after, now = new.get(path, (0, None))
        if was is None or now is None:
            why = "only in the first" if was else "only in the second"
        else:
            why = "; ".join(_why(was, now))
            times += not why and was.time != now.time
        if why:
            found.setdefault(max(before, after), []).append(FileDiff(path, why))
    return found, times


def _why(was: Entry, now: Entry) -> Iterator[str]:
    if was.kind != now.kind:
        yield f"{was.kind}, {now.kind}"
        return
    if was.size != now.size:
        yield f"{was.size} bytes, {now.size}"
    elif was.digest != now.digest:
        yield f"{was.size} bytes that differ"
    if was.mode != now.mode:
        yield f"mode {was.mode:04o}, {now.mode:04o}"
    if was.owner != now.owner:
        yield "owner {}:{}, {}:{}".format(*was.owner, *now.owner)
    if was.target != now.target:
        yield f"to {was.target}, {now.target}"
    if was.attributes != now.attributes:
        yield "extended attributes"


def _settings(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """The keys that differ. Of the history times don't count, and of the layers their entries do."""
    for key in sorted({*was, *now} - {"rootfs"}):
        old, new = was.get(key), now.get(key)
        if key == "config" and isinstance(old, dict) and isinstance(new, dict):
            yield from (f"config.{inner}" for inner in sorted({*old, *new}) if old.get(inner) != new.get(inner))
        elif key == "history":
            if _undated(was) != _undated(now):
                yield key
        elif old != new:
            yield key


def _undated(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{key: value for key, value in one.items() if key != "created"} for one in config.get("history") or () if isinstance(one, dict)]


def _instructions(config: Mapping[str, Any]) -> list[str]:
    """What made each layer, oldest first, as the image's history says it."""
    return [one_line(str(one.get("created_by") or "?")).removesuffix("# buildkit").strip() for one in _undated(config) if not one.get("empty_layer")]


def _save(name: str) -> Saved:
    words = ["docker", "image", "save", name]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as saving:
        assert saving.stdout is not None
        assert saving.stderr is not None
        try:
            found = read(saving.stdout)
            saving.stdout.read()  # the padding, or the engine would complain
        except (tarfile.TarError, OSError, EOFError, ValueError, KeyError, IndexError, TypeError) as error:
            saving.kill()
            said = saving.stderr.read().decode(errors="replace").strip().splitlines()
            raise TareError(f"{name} can't be saved: {one_line(said[-1] if said else str(error), 200)}") from error
    return found


def read(archive: IO[bytes]) -> Saved:
    """A saved image (`docker image save`), as a stream."""
    documents: dict[str, Any] = {}
    layers: dict[str, Entries] = {}
    aliases: dict[str, str] = {}
    with tarfile.open(fileobj=archive, mode="r|") as members:
        for member in members:
            if member.issym():  # engines before 25 save a layer once, and link to it
                aliases[member.name] = posixpath.normpath(posixpath.join(posixpath.dirname(member.name), member.linkname))
            if not member.isreg() or member.size == 0:
                continue
            content = members.extractfile(member)
            assert content is not None
            buffered = io.BufferedReader(cast(io.RawIOBase, content))
            head = buffered.peek(tarfile.BLOCKSIZE)
            if head[:1] in {b"{", b"["} and head[257:262] != b"ustar" and member.size <= _MOST_JSON:
                documents[member.name] = json.loads(buffered.read())
            elif posixpath.basename(member.name) != "VERSION":
                layers[member.name] = layer(buffered)
    told = documents["manifest.json"][0]
    return Saved(documents[told["Config"]], tuple(layers[aliases.get(name, name)] for name in told["Layers"]))


def layer(archive: IO[bytes]) -> Entries:
    """The entries of a layer, packed by gzip or not, whiteouts as they are."""
    found = {}
    with tarfile.open(fileobj=archive, mode="r|*") as members:
        for member in members:
            found[posixpath.normpath(f"/{member.name.lstrip('/')}")] = _entry(member, members)
    return found


def _entry(member: tarfile.TarInfo, members: tarfile.TarFile) -> Entry:
    digest = hashlib.sha256()
    if member.isreg() and (content := members.extractfile(member)):
        while piece := content.read(_CHUNK):
            digest.update(piece)
    return Entry(
        kind=_KINDS.get(member.type, "something else"),
        mode=member.mode & 0o7777,
        owner=(member.uid, member.gid),
        size=member.size,
        digest=digest.hexdigest(),
        target=f"{member.devmajor}:{member.devminor}" if member.isdev() and not member.isfifo() else member.linkname,
        attributes=tuple(sorted((key, value) for key, value in member.pax_headers.items() if key.startswith("SCHILY.xattr."))),
        time=member.mtime,
    )
