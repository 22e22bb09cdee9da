"""`[budget]` of an app.toml -> the limits that an app's images are held to."""

from __future__ import annotations

import re
from typing import NamedTuple

from tareweight.errors import nearest
from tareweight.tomlfile import Table

TRAITS = ("root", "shell", "package-manager", "compiler", "interpreter", "network-client", "setuid", "world-writable", "secret")
"""What `forbid` may name: the words of `scale.weight.TRAITS`, which this layer can't import; a test holds the two together."""

NONE = "none"
"""Lifts a limit of the app's for one variant."""

_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9}
_BINARY = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_SIZE = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,9}))? ?([A-Za-z]*)")
_PER_CENT = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?) ?%")
_AS_IN = 'Write it as in "12MB": with B, kB, MB (10^6 bytes) or GB'


class Limits(NamedTuple):
    """The most that an image may have; None where there is no limit.

    `size` and `download` are bytes, `packages` a count, `growth` per cent of the size that the baseline file has. `forbid` are
    words of `TRAITS`, in their order.
    """

    size: int | None = None
    download: int | None = None
    packages: int | None = None
    growth: float | None = None
    forbid: tuple[str, ...] = ()


def read(table: Table) -> tuple[Limits, dict[str, Limits]]:
    """The limits of all variants, and by variant those that `[budget.<variant>]` changes, key by key. `BadInput` for what isn't one."""
    variants = [key for key, value in table.data.items() if isinstance(value, dict) and key not in Limits._fields]
    general = _limits(table, Limits())
    special = {}
    for variant in variants:
        inner = table.table(variant)
        special[variant] = _limits(inner, general)
        inner.close()
    table.close()
    return general, special


def _limits(table: Table, over: Limits) -> Limits:
    """`over` with the keys that `table` gives."""
    found = over
    if "size" in table:
        found = found._replace(size=_size(table, "size"))
    if "download" in table:
        found = found._replace(download=_size(table, "download"))
    if "packages" in table:
        found = found._replace(packages=_count(table, "packages"))
    if "growth" in table:
        found = found._replace(growth=_per_cent(table, "growth"))
    if "forbid" in table:
        found = found._replace(forbid=_traits(table, "forbid"))
    return found


def _size(table: Table, key: str) -> int | None:
    value = table.raw(key)
    if value == NONE:
        return None
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if not found:
        return table.fail(key, f"{value!r} is not a size", _AS_IN)
    whole, rest, unit = found[1], found[2] or "", found[3]
    if unit in _BINARY:
        decimal = float(f"{whole}.{rest}") * _BINARY[unit] / 10**6
        table.fail(key, f"{value!r} is in powers of two", f'Sizes are told in powers of ten here: write "{decimal:.1f}MB"')
    if unit not in _UNITS:
        table.fail(key, f"{value!r} has {f'the unknown unit {unit!r}' if unit else 'no unit'}", _AS_IN)
    power: int = 10 ** len(rest)
    return int(whole + rest) * _UNITS[unit] // power


def _count(table: Table, key: str) -> int | None:
    return None if table.raw(key) == NONE else table.integer(key)


def _per_cent(table: Table, key: str) -> float | None:
    value = table.raw(key)
    if value == NONE:
        return None
    found = _PER_CENT.fullmatch(value) if isinstance(value, str) else None
    return float(found[1]) if found else table.fail(key, f"{value!r} is not a percentage", 'Write it as in "5%"')


def _traits(table: Table, key: str) -> tuple[str, ...]:
    words = table.strings(key)
    for word in words:
        if word not in TRAITS:
            table.fail(key, f"{word!r} is nothing that can be forbidden", nearest(word, TRAITS))
    return tuple(word for word in TRAITS if word in words)

