"""What two images differ in: plain data. All sizes are in bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tareweight import __version__

Kind = Literal["dropped", "added", "changed"]


@dataclass(frozen=True)
class Side:
    """One of the two images, `name` as the user calls it."""

    name: str
    image_id: str
    platform: str
    os: str
    size: int
    files: int
    executables: int
    layers: int
    waste: int
    traits: tuple[str, ...]
    complete: bool


@dataclass(frozen=True)
class Bytes:
    """What was and what is."""

    old: int
    new: int

    @property
    def delta(self) -> int:
        """Negative where it shrank."""
        return self.new - self.old


@dataclass(frozen=True)
class ClassChange(Bytes):
    """One of `CLASSES`; those without a byte in either image are listed too."""

    name: str


@dataclass(frozen=True)
class PackageChange(Bytes):
    """A package of which version, bytes or files differ. Several of one name (npm's copies) are one, with all their versions, sorted."""

    type: str
    name: str
    old_versions: tuple[str, ...]
    new_versions: tuple[str, ...]
    old_files: int
    new_files: int

    @property
    def kind(self) -> Kind:
        """What became of it."""
        return _kind(bool(self.old_versions), bool(self.new_versions))


@dataclass(frozen=True)
class Group(Bytes):
    """Files of no package that share class and directory (or one file at `directory`), where any of them differs.

    `old` and `new` count all of them, `moved` those that differ, as `Account` does.
    """

    place: str
    directory: str
    old_files: int
    new_files: int
    moved: int


@dataclass(frozen=True)
class FileChange:
    """A file or symbolic link. `old` and `new` are its bytes (0 for a link and for the further names of a hard link), None where it isn't.

    `owner` is `<type>:<name>` of the package that it belongs or belonged to, or empty. Of a file in both images, `content` says
    whether its bytes differ, and `marks` what else does: ("mode", "0755", "4755"), ("user", "0", "1000"), ("target", ...), ("type", ...).
    """

    path: str
    old: int | None
    new: int | None
    owner: str
    place: str
    content: bool = False
    marks: tuple[tuple[str, str, str], ...] = ()

    @property
    def kind(self) -> Kind:
        """What became of it."""
        return _kind(self.old is not None, self.new is not None)

    @property
    def delta(self) -> int:
        """What it adds to the change in size."""
        return (self.new or 0) - (self.old or 0)

    @property
    def moved(self) -> int:
        """The bytes that differ: all of a dropped or added file, the larger of both sizes where the content changed."""
        return max(self.old or 0, self.new or 0) if self.content or self.kind != "changed" else 0


@dataclass(frozen=True)
class Setting:
    """A field of the configuration, or one variable (`name`) of the environment. Empty where it isn't set."""

    field: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    name: str = ""


@dataclass(frozen=True)
class Exposure:
    """One kind of thing that an attacker could use: the paths that are gone, and those that are new."""

    kind: str
    gone: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True)
class Account:
    """The bytes that moved, by what explains them: dropped, added, and for a changed file the larger of both its sizes.

    `packages` are those of files that belong to a package, `directories` those with a class and a directory. Not explained are
    `unowned`, files of which nobody knows what they are for, and `unlisted`, what the lists of files leave out.
    """

    packages: int = 0
    directories: int = 0
    unowned: int = 0
    unlisted: int = 0

    @property
    def moved(self) -> int:
        """All of them."""
        return self.packages + self.directories + self.unowned + self.unlisted

    @property
    def percent(self) -> float | None:
        """The share that is explained; None where nothing moved."""
        return 100 * (self.packages + self.directories) / self.moved if self.moved else None


@dataclass(frozen=True)
class Difference:
    """What `old` and `new` differ in.

    `packages`, `groups` and `files` begin with what moved most. `files` is None where the images' lists of files aren't known.
    `same_packages` counts names. `rest` is the part of the change in size that is neither in `packages` nor in `groups`.
    """

    old: Side
    new: Side
    classes: tuple[ClassChange, ...]
    packages: tuple[PackageChange, ...]
    same_packages: int
    groups: tuple[Group, ...]
    rest: int
    files: tuple[FileChange, ...] | None
    settings: tuple[Setting, ...]
    surface: tuple[Exposure, ...]
    account: Account
    notes: tuple[str, ...]
    tareweight: str = __version__

    @property
    def delta(self) -> int:
        """Negative where the image shrank."""
        return self.new.size - self.old.size


def _kind(was: bool, is_: bool) -> Kind:
    return "changed" if was and is_ else "dropped" if was else "added"
