"""Files joined by path, those of no package grouped, and the account of the bytes that moved.

`FileRow` is a line of the scan's table of files, in which only the first name of a hard link has bytes, and links have none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from tareweight.difference.changes import Account, FileChange, Group
from tareweight.scale.weight import CLASSES

if TYPE_CHECKING:
    from tareweight.scale.files import FileRow

_SHARED = frozenset((
    "/usr", "/usr/lib", "/usr/lib64", "/usr/libexec", "/usr/share", "/usr/local", "/usr/local/lib", "/usr/local/share",
    "/var", "/var/lib", "/var/cache", "/opt", "/srv", "/home", "/root",
))  # fmt: skip
"""Directories that many have a part of: what lies in them is told apart."""


def candidates(old: Mapping[str, FileRow], new: Mapping[str, FileRow]) -> list[str]:
    """Paths of the regular files whose content has to be compared, as they are of equal size in both images; sorted."""
    pairs = ((path, row, new.get(path)) for path, row in old.items())
    return sorted(path for path, row, other in pairs if other and row.kind == other.kind == "f" and 0 < row.bytes == other.bytes)


def files(old: Mapping[str, FileRow], new: Mapping[str, FileRow], changed: Collection[str]) -> tuple[FileChange, ...]:
    """What differs, most bytes first. `changed` are those of `candidates` whose content differs."""
    differing = frozenset(changed)
    both = (_file(path, old.get(path), new.get(path), path in differing) for path in {**old, **new})
    changes = [one for one in both if one.kind != "changed" or one.content or one.marks]
    return tuple(sorted(changes, key=lambda one: (-one.moved, one.path)))


def _file(path: str, was: FileRow | None, now: FileRow | None, changed: bool) -> FileChange:
    if was is None or now is None:
        only = was or now
        assert only
        return FileChange(path, was and was.bytes, now and now.bytes, only.owner, only.place)
    content = changed or was.bytes != now.bytes
    return FileChange(path, was.bytes, now.bytes, now.owner or was.owner, now.place or was.place, content, tuple(_marks(was, now)))


def _marks(was: FileRow, now: FileRow) -> Iterator[tuple[str, str, str]]:
    links = was.kind == "l", now.kind == "l"
    if links == (True, True):
        if was.target != now.target:
            yield "target", was.target, now.target
        return
    if any(links):
        yield "type", _type(was), _type(now)
        return
    if was.mode != now.mode:
        yield "mode", was.mode, now.mode
    if was.uid != now.uid:
        yield "user", str(was.uid), str(now.uid)


def _type(row: FileRow) -> str:
    return "link" if row.kind == "l" else "file"


def total(rows: Mapping[str, FileRow]) -> int:
    """The bytes of all that is listed."""
    return sum(row.bytes for row in rows.values())


def groups(old: Mapping[str, FileRow], new: Mapping[str, FileRow], changes: Iterable[FileChange]) -> tuple[Group, ...]:
    """The files of no package by class and directory, where any of them differs; most bytes first."""
    sums: dict[tuple[str, str], list[int]] = {}
    for side, rows in enumerate((old, new)):
        for path, row in rows.items():
            if not row.owner and row.kind != "l":
                told = sums.setdefault((row.place, directory(path)), [0, 0, 0, 0, 0])
                told[side] += row.bytes
                told[2 + side] += 1
    for change in changes:
        if change.moved and not change.owner:
            sums[change.place, directory(change.path)][4] += change.moved
    found = [Group(told[0], told[1], *key, *told[2:]) for key, told in sums.items() if told[0] != told[1] or told[2] != told[3] or told[4]]
    return tuple(sorted(found, key=lambda one: (-max(one.moved, abs(one.delta)), one.place, one.directory)))


def directory(path: str) -> str:
    """The highest directory above `path` that isn't one of those shared by many; `path` itself where it lies in such a one."""
    end = path.find("/", 1)
    while end != -1 and path[:end] in _SHARED:
        end = path.find("/", end + 1)
    return path if end == -1 else path[:end]


def account(changes: Iterable[FileChange], owners: Collection[str], unlisted: int) -> Account:
    """What explains the bytes that moved. `owners` are the packages that are known, as `<type>:<name>`."""
    sums = {"packages": 0, "directories": 0, "unowned": 0}
    for one in changes:
        sums[_explanation(one, owners)] += one.moved
    return Account(**sums, unlisted=unlisted)


def _explanation(one: FileChange, owners: Collection[str]) -> str:
    if one.owner:
        return "packages" if one.owner in owners else "unowned"
    return "directories" if one.place in CLASSES and one.place != "unowned" else "unowned"
