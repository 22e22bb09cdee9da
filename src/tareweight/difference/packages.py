"""Packages joined by type and name."""

from __future__ import annotations

from collections.abc import Iterable

from tareweight.difference.changes import PackageChange
from tareweight.scale.weight import Package


def packages(old: Iterable[Package], new: Iterable[Package]) -> tuple[tuple[PackageChange, ...], int]:
    """What became of them, largest change in bytes first; and how many names are as they were."""
    before, after = _by_key(old), _by_key(new)
    keys = {**before, **after}
    changes = [_change(key, before.get(key, []), after.get(key, [])) for key in keys if _seen(before.get(key)) != _seen(after.get(key))]
    changes.sort(key=lambda one: (-abs(one.delta), -replaced(one), one.type, one.name))
    return tuple(changes), len(keys) - len(changes)


def replaced(one: PackageChange) -> int:
    """The bytes that moved with a package, as far as that can be told without its files."""
    return max(one.old, one.new) if one.old_versions != one.new_versions else abs(one.delta)


def _by_key(listed: Iterable[Package]) -> dict[tuple[str, str], list[Package]]:
    found: dict[tuple[str, str], list[Package]] = {}
    for one in listed:
        found.setdefault(one.key, []).append(one)
    return found


def _seen(listed: list[Package] | None) -> list[tuple[str, int, int]]:
    """What has to be equal for packages of one name to count as the same."""
    return sorted((one.version, one.bytes, one.files) for one in listed or ())


def _change(key: tuple[str, str], old: list[Package], new: list[Package]) -> PackageChange:
    return PackageChange(
        old=sum(one.bytes for one in old),
        new=sum(one.bytes for one in new),
        type=key[0],
        name=key[1],
        old_versions=tuple(sorted(one.version for one in old)),
        new_versions=tuple(sorted(one.version for one in new)),
        old_files=sum(one.files for one in old),
        new_files=sum(one.files for one in new),
    )
