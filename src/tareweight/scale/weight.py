"""What the scale says of one image. Plain data: nothing here asks the engine.

All sizes are in bytes. `size` is the sum of the apparent sizes of the regular files in the final file system, hard links
once: the one number that no image store, builder or engine changes (docs/numbers.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, TypeVar, get_type_hints

VERSION = 3
"""Goes up with every change of what is scanned or kept: older weights are weighed anew."""

CLASSES = {
    "os": "OS packages",
    "runtime": "language runtime or toolchain",
    "packages": "language packages",
    "app": "the app's own files",
    "docs": "documentation and locales",
    "leftover": "caches and lists left behind",
    "unowned": "unowned",
}
"""Every byte of `size` is in one of these."""

TRAITS = ("root", "shell", "package-manager", "compiler", "interpreter", "network-client", "setuid", "world-writable", "secret")
"""What an image may have for an attacker to use, in words for tables and limits."""


Row = TypeVar("Row", bound="Package | Place | Finding | Layer")


class Corrupt(ValueError):
    """What was read isn't a weight; it is made anew."""


class Package(NamedTuple):
    """An installed package.

    `type` is the package URL's: deb, apk, pypi, npm, golang, maven, or generic for a copied interpreter. `bytes` and `files`
    count the regular files that it owns in the final file system; a file has one owner, so what a Python package has inside
    a Debian one counts there. `path` is where a language package lies (its folder or file), empty for OS packages.
    `source` is a Debian or Alpine package's source package, where that has another name.
    """

    type: str
    name: str
    version: str
    bytes: int
    files: int
    path: str = ""
    source: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What the same package in another image has in common."""
        return self.type, self.name


class Place(NamedTuple):
    """A directory (with all under it) or a file. `owner` is `<type>:<name>` of the package that a file belongs to, or empty."""

    path: str
    bytes: int
    files: int = 1
    owner: str = ""


class Finding(NamedTuple):
    """Something that was found: `kind` in words ("private key", "apt lists"), and where. Never what it holds."""

    kind: str
    path: str
    bytes: int = 0


@dataclass(frozen=True)
class Surface:
    """What there is for an attacker to use. Paths begin with `/`; each list is bounded by the scan, `counts` are not."""

    shells: tuple[str, ...] = ()
    package_managers: tuple[str, ...] = ()
    compilers: tuple[str, ...] = ()
    interpreters: tuple[str, ...] = ()
    network_clients: tuple[str, ...] = ()
    setuid: tuple[str, ...] = ()
    world_writable: tuple[str, ...] = ()
    executables: int = 0


@dataclass(frozen=True)
class Program:
    """The program that an image starts, and the libraries that its file names (what it opens while it runs isn't known).

    `kind` is "static" or "dynamic", both compiled, or "script": that one `interpreter` runs, whose libraries they are. `shell` is
    True where it is started through a shell.
    """

    path: str
    kind: str
    interpreter: str
    libraries: tuple[str, ...]
    shell: bool


@dataclass(frozen=True)
class Scan:
    """What scan/ found in the mounted file system.

    `links` are the bytes of the targets of symbolic links, which some layers count (docs/numbers.md) and `size` doesn't; `blocks` the
    disk blocks of everything (512-byte units times 512, directories too), for stores that count so. `classes` sums to `size`.
    `unstripped` are program files with the bytes that `strip` would take away, `recommended` the names of Debian packages that
    only a recommendation brought. `program` is None where none is found. `complete` is False where a limit cut the tree.
    """

    size: int
    files: int
    links: int
    blocks: int
    classes: Mapping[str, int]
    packages: tuple[Package, ...]
    directories: tuple[Place, ...]
    biggest: tuple[Place, ...]
    surface: Surface
    secrets: tuple[Finding, ...]
    leftovers: tuple[Finding, ...]
    unstripped: tuple[Finding, ...]
    os: str
    notes: tuple[str, ...]
    complete: bool
    recommended: tuple[str, ...] = ()
    program: Program | None = None


class Layer(NamedTuple):
    """One layer, oldest first in every list. `bytes` as `docker history` gives them; `instruction` is one line of it."""

    diff_id: str
    bytes: int
    instruction: str


@dataclass(frozen=True)
class Config:
    """What the image's configuration says. Values of `environment` that look like secrets are masked when they are read."""

    user: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    workdir: str = ""

    @property
    def runs_as_root(self) -> bool:
        """Whether no other user than root is set."""
        return self.user.partition(":")[0] in {"", "0", "root"}


@dataclass(frozen=True)
class Weight:
    """One image on the scale. `store` is "classic" or "containerd"; it decides what `layers` count (docs/numbers.md)."""

    image_id: str
    platform: str
    store: str
    scan: Scan
    layers: tuple[Layer, ...]
    config: Config
    secrets: tuple[Finding, ...] = ()
    """Secrets in the configuration and history, beside those in files (`scan.secrets`)."""

    @property
    def size(self) -> int:
        """Bytes of the regular files in the final file system, hard links once."""
        return self.scan.size

    @property
    def layered(self) -> int:
        """What all layers sum to, in the store's own way of counting."""
        return sum(layer.bytes for layer in self.layers)

    @property
    def waste(self) -> int:
        """What later layers overwrote or deleted: layers minus size, on the containerd store both in disk blocks.

        On the classic store the texts of symbolic links are in it where a layer came as an archive: its history counts them.
        """
        return max(0, self.layered - (self.scan.blocks if self.store == "containerd" else self.size))

    @property
    def traits(self) -> tuple[str, ...]:
        """What of `TRAITS` the image has, in their order."""
        there = self.scan.surface
        has = {
            "root": self.config.runs_as_root,
            "shell": there.shells,
            "package-manager": there.package_managers,
            "compiler": there.compilers,
            "interpreter": there.interpreters,
            "network-client": there.network_clients,
            "setuid": there.setuid,
            "world-writable": there.world_writable,
            "secret": self.all_secrets,
        }
        return tuple(name for name in TRAITS if has[name])

    @property
    def all_secrets(self) -> tuple[Finding, ...]:
        """Secrets in files, then in configuration and history."""
        return self.scan.secrets + self.secrets


_TYPES: dict[type, list[type]] = {kind: list(get_type_hints(kind).values()) for kind in (Package, Place, Finding, Layer)}
"""The types of their fields, in the order of rows."""


def dump(weight: Weight) -> dict[str, Any]:
    """`weight` as JSON values."""
    return {"version": VERSION, **asdict(weight)}


def load(value: Any) -> Weight:
    """What `dump` made. `Corrupt` for anything else."""
    try:
        if value["version"] != VERSION:
            raise Corrupt("another version")
        return Weight(
            _text(value["image_id"]), _text(value["platform"]), _text(value["store"]),
            load_scan(value["scan"]), _rows(Layer, value["layers"]), _config(value["config"]), _rows(Finding, value["secrets"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Corrupt(str(error)) from error


def load_scan(value: Any) -> Scan:
    """The JSON that scan/ prints. `Corrupt` for anything else, sums that don't agree included."""
    try:
        scan = Scan(
            size=_count(value["size"]),
            files=_count(value["files"]),
            links=_count(value["links"]),
            blocks=_count(value["blocks"]),
            classes={name: _count(value["classes"][name]) for name in CLASSES},
            packages=_rows(Package, value["packages"]),
            directories=_rows(Place, value["directories"]),
            biggest=_rows(Place, value["biggest"]),
            surface=_surface(value["surface"]),
            secrets=_rows(Finding, value["secrets"]),
            leftovers=_rows(Finding, value["leftovers"]),
            unstripped=_rows(Finding, value["unstripped"]),
            os=_text(value["os"]),
            notes=_texts(value["notes"]),
            complete=_truth(value["complete"]),
            recommended=_texts(value["recommended"]),
            program=_program(value["program"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Corrupt(str(error)) from error
    if sum(scan.classes.values()) != scan.size:
        raise Corrupt("the classes don't sum to the size")
    return scan


def of_base(layers: Sequence[Layer], base_diff_ids: Sequence[str]) -> int:
    """How many of `layers` are the base's: all of its, or none where the image doesn't stand on it."""
    mine = [layer.diff_id for layer in layers[: len(base_diff_ids)]]
    return len(base_diff_ids) if mine == list(base_diff_ids) else 0


def unique(weights: Iterable[Weight]) -> dict[str, int]:
    """By image ID: the bytes of the layers that no other of `weights` has."""
    seen: dict[str, set[str]] = {}
    listed = {weight.image_id: weight for weight in weights}
    for weight in listed.values():
        for layer in weight.layers:
            seen.setdefault(layer.diff_id, set()).add(weight.image_id)
    return {
        image_id: sum(layer.bytes for layer in weight.layers if len(seen[layer.diff_id]) == 1) for image_id, weight in listed.items()
    }


def stored(weights: Iterable[Weight]) -> int:
    """The bytes that all of `weights` take together: every layer once."""
    return sum({layer.diff_id: layer.bytes for weight in weights for layer in weight.layers}.values())


def _program(value: Any) -> Program | None:
    if value is None:
        return None
    return Program(_text(value["path"]), _text(value["kind"]), _text(value["interpreter"]), _texts(value["libraries"]), _truth(value["shell"]))


def _rows(kind: type[Row], value: Any) -> tuple[Row, ...]:
    """Rows of the fields of `kind`, each of its type. There are thousands in a table of images, so each is looked at but briefly."""
    wanted = _TYPES[kind]
    first, end = wanted.index(int), len(wanted) - wanted[::-1].index(int)  # counts stand together
    rows = []
    for row in _items(value):
        if not isinstance(row, (list, tuple)) or list(map(type, row)) != wanted or min(row[first:end]) < 0:
            raise Corrupt(f"not a {kind.__name__}")
        rows.append(kind(*row))
    return tuple(rows)


def _surface(value: Mapping[str, Any]) -> Surface:
    return Surface(
        shells=_texts(value["shells"]),
        package_managers=_texts(value["package_managers"]),
        compilers=_texts(value["compilers"]),
        interpreters=_texts(value["interpreters"]),
        network_clients=_texts(value["network_clients"]),
        setuid=_texts(value["setuid"]),
        world_writable=_texts(value["world_writable"]),
        executables=_count(value["executables"]),
    )


def _config(value: Mapping[str, Any]) -> Config:
    return Config(
        user=_text(value["user"]),
        entrypoint=_texts(value["entrypoint"]),
        command=_texts(value["command"]),
        environment=tuple((_text(name), _text(text)) for name, text in _items(value["environment"])),
        ports=_texts(value["ports"]),
        volumes=_texts(value["volumes"]),
        workdir=_text(value["workdir"]),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Corrupt("not a text")
    return value


def _items(value: Any) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)):
        raise Corrupt("not a list")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(one) for one in _items(value))


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise Corrupt("not a count")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Corrupt("not true or false")
    return value
