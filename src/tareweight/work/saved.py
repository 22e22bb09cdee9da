"""Two images of one target as the engine saves them -> what differs, layer by layer and entry by entry. Nothing is unpacked."""

from __future__ import annotations

import hashlib
import io
import json
import posixpath
import subprocess
import tarfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import IO, Any, NamedTuple, cast

from tareweight.engine.client import Image
from tareweight.errors import TareError, one_line

_CHUNK = 1 << 20
_MOST_JSON = 1 << 24
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


@dataclass(frozen=True)
class Saved:
    """An image's configuration, and the entries of its layers by path, oldest layer first; None for layers that were not to be read."""

    config: Mapping[str, Any]
    layers: tuple[Entries | None, ...]


@dataclass(frozen=True)
class FileDiff:
    """A path of which more differs than the time; `why` says what, old before new."""

    path: str
    why: str


@dataclass(frozen=True)
class LayerDiff:
    """A layer that isn't the same in both, by its number from 1 and the instruction that made it. `times` counts entries that differ in nothing else."""

    number: int
    instruction: str
    files: tuple[FileDiff, ...]
    times: int


@dataclass(frozen=True)
class Compared:
    """What two images differ in: `settings` are keys of the configuration (`config.Env`, `created`)."""

    old: Image
    new: Image
    layers: tuple[LayerDiff, ...] = ()
    settings: tuple[str, ...] = ()

    @property
    def files(self) -> int:
        """Entries that differ in more than their time."""
        return sum(len(layer.files) for layer in self.layers)

    @property
    def times(self) -> int:
        """Entries that differ in their time alone."""
        return sum(layer.times for layer in self.layers)

    @property
    def same_content(self) -> bool:
        """Whether nothing differs but times of files."""
        return not self.files and not self.settings

    @property
    def same_digest(self) -> bool:
        """Whether they are one image: the same to the last byte, times included."""
        return self.old.id == self.new.id


def compare(old: Image, new: Image) -> Compared:
    """What `new` has otherwise than `old`. `TareError` where the engine can't save them."""
    if old.id == new.id:
        return Compared(old, new)
    # One of the two alone says all of a layer that both have.
    shared = {one.partition(":")[2] for one in {*old.diff_ids} & {*new.diff_ids}}
    was, now = (_save(image.id, shared) for image in (old, new))
    made = max(_instructions(was.config), _instructions(now.config), key=len)
    layers = []
    none: tuple[str, Entries | None] = ("", None)
    sides = zip_longest(zip(old.diff_ids, was.layers, strict=True), zip(new.diff_ids, now.layers, strict=True), fillvalue=none)
    for number, ((old_id, before), (new_id, after)) in enumerate(sides, 1):
        if old_id != new_id:
            files, times = entries(before or {}, after or {})
            layers.append(LayerDiff(number, made[number - 1] if number <= len(made) else "?", files, times))
    return Compared(old, new, tuple(layers), tuple(_settings(was.config, now.config)))


def entries(old: Entries, new: Entries) -> tuple[tuple[FileDiff, ...], int]:
    """What differs between two layers, by path, and how many entries differ in their time alone."""
    found, times = [], 0
    for path in sorted({*old, *new}):
        was, now = old.get(path), new.get(path)
        if was is None or now is None:
            found.append(FileDiff(path, "only in the first" if was else "only in the second"))
        elif why := "; ".join(_why(was, now)):
            found.append(FileDiff(path, why))
        elif was.time != now.time:
            times += 1
    return tuple(found), times


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
    """The keys that differ; what the layers themselves differ in is told of them."""
    for key in sorted({*was, *now} - {"rootfs"}):
        old, new = was.get(key), now.get(key)
        if old == new:
            continue
        if key == "config" and isinstance(old, dict) and isinstance(new, dict):
            yield from (f"config.{inner}" for inner in sorted({*old, *new}) if old.get(inner) != new.get(inner))
        else:
            yield key


def _instructions(config: Mapping[str, Any]) -> list[str]:
    """What made each layer, oldest first, as the image's history says it."""
    history = [one for one in config.get("history") or () if isinstance(one, dict) and not one.get("empty_layer")]
    return [one_line(str(one.get("created_by") or "?")).removesuffix("# buildkit").strip() for one in history]


def _save(name: str, shared: Collection[str]) -> Saved:
    words = ["docker", "image", "save", name]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as saving:
        assert saving.stdout is not None
        assert saving.stderr is not None
        try:
            found = read(saving.stdout, shared)
            saving.stdout.read()  # the padding, or the engine would complain
        except (tarfile.TarError, OSError, EOFError, ValueError, KeyError, IndexError, TypeError) as error:
            saving.kill()
            said = saving.stderr.read().decode(errors="replace").strip().splitlines()
            raise TareError(f"{name} can't be saved: {one_line(said[-1] if said else str(error), 200)}") from error
    return found


def read(archive: IO[bytes], shared: Collection[str] = ()) -> Saved:
    """A saved image (`docker image save`), as a stream. Layers that the archive calls by a digest in `shared` (hex) are passed over."""
    documents: dict[str, Any] = {}
    layers: dict[str, Entries | None] = {}
    aliases: dict[str, str] = {}
    with tarfile.open(fileobj=archive, mode="r|") as members:
        for member in members:
            if member.issym():  # engines before 25 save a layer once, and link to it
                aliases[member.name] = posixpath.normpath(posixpath.join(posixpath.dirname(member.name), member.linkname))
            if not member.isreg() or member.size == 0:
                continue
            if posixpath.basename(member.name) in shared:
                layers[member.name] = None
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
    """The entries of a layer, packed by gzip or not. A whiteout is an entry as any other."""
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
