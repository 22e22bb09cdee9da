"""The story of an app's images for an audience: what the first one costs, and what each further one takes away, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from tareweight.compare import Row
from tareweight.errors import one_line
from tareweight.report import text
from tareweight.scale.weight import CLASSES, Package, Weight

_LARGEST = 3
_BAR = 40
_WHY = {
    "compiler": "The compiler was needed to build, and isn't to run: a first stage builds, and only the result is copied over.",
    "shell": "Without a shell and its tools, whoever breaks in finds nothing to work with, and there is less to keep up to date.",
    "root": "It no longer runs as root: what escapes from the program can do little.",
}
"""What it means that an image lost a trait."""


@dataclass(frozen=True)
class Step:
    """One page of the story."""

    title: str
    lines: tuple[str, ...]


def steps(rows: Sequence[Row], twins: Mapping[str, str] = MappingProxyType({})) -> Iterator[Step]:
    """A step for each image that was weighed: in every app the baseline first, then from the largest to the smallest.

    `twins` are images that are built as another one is, by name: each is told after that one and compared with it.
    """
    apps: dict[str, dict[str, Row]] = {}
    for row in rows:
        if row.weight:
            apps.setdefault(row.app, {})[row.name] = row
    for app, group in apps.items():
        told = {name: row if row.is_baseline else group.get(twins.get(name, ""), row) for name, row in group.items()}
        order = sorted(group.values(), key=lambda row: (not told[row.name].is_baseline, -(told[row.name].size or 0), told[row.name] is not row))
        before: Row | None = None
        for row in order:
            twin = told[row.name] is not row
            other = told[row.name] if twin else before
            if row.weight:
                lines = _first(row.weight) if other is None or other.weight is None else _next(other.weight, row.weight)
                yield Step(_title(app, row, order[0], other), (_bar(row, order[0]), *lines, _checked(row)))
                before = before if twin else row


def _title(app: str, row: Row, first: Row, before: Row | None) -> str:
    base = f" on {row.base}" if row.base else ""
    if before is None:
        return f"{app}, {row.variant}{base}: {text.size(row.size)}"
    return f"{app}, {row.variant}{base}: {text.size(row.size)}, {_than(row, before)} {before.variant}{_and_than_first(row, before, first)}"


def _and_than_first(row: Row, before: Row, first: Row) -> str:
    return "" if before is first else f", {_than(row, first)} {first.variant}"


def _than(row: Row, other: Row) -> str:
    if not row.size or not other.size:
        return "beside"
    return f"{text.shrinkage(other.size / row.size)} than" if row.size != other.size else "the same as"


def _bar(row: Row, first: Row) -> str:
    filled = max(1, round(_BAR * (row.size or 0) / first.size)) if first.size else 1
    return "#" * min(filled, _BAR) + "." * (_BAR - filled)


def _first(weight: Weight) -> Iterator[str]:
    """What an image is made of."""
    classes = sorted(((size, name) for name, size in weight.scan.classes.items() if size), reverse=True)
    yield "It holds " + ", ".join(f"{text.size(size)} of {_words(name)}" for size, name in classes[:4]) + "."
    if own := weight.scan.classes["app"]:
        share = 100 * own / weight.size
        yield f"The app itself is {text.size(own)} of it: {f'{share:.2g}' if share >= 0.01 else 'less than 0.01'} %."
    yield f"Its largest packages: {_named(_largest(weight.scan.packages))}."
    if weight.traits:
        yield f"For an attacker there is: {', '.join(weight.traits)}."


def _next(before: Weight, now: Weight) -> Iterator[str]:
    """What this image does without, and what it has that the one before hadn't."""
    there = {one.key for one in now.scan.packages}
    gone = [one for one in before.scan.packages if one.key not in there]
    if gone:
        yield f"Gone: {_count(gone)}, {text.size(sum(one.bytes for one in gone))}: {_named(_largest(gone))}."
    known = {one.key for one in before.scan.packages}
    new = [one for one in now.scan.packages if one.key not in known]
    if new:
        yield f"New: {_count(new)}, {text.size(sum(one.bytes for one in new))}: {_named(_largest(new))}."
    lost = [name for name in before.traits if name not in now.traits]
    gained = [name for name in now.traits if name not in before.traits]
    if lost:
        yield f"No longer there for an attacker: {', '.join(lost)}."
    if gained:
        yield f"There again for an attacker: {', '.join(gained)}."
    yield from (_WHY[name] for name in lost if name in _WHY)
    if not now.scan.classes["os"] and before.scan.classes["os"]:
        yield "There is no operating system in it at all: the program brings whatever it needs."


def _checked(row: Row) -> str:
    locked = {"yes": ", and locked down too", "": ""}.get(row.locked, f"; locked down: {row.locked}")
    return f"Does it still work? {text.check(row)}{locked}."


def _largest(packages: Sequence[Package]) -> list[Package]:
    return sorted(packages, key=lambda one: (-one.bytes, one.name))[:_LARGEST]


def _count(packages: Sequence[Package]) -> str:
    return f"{len(packages)} package{'' if len(packages) == 1 else 's'}"


def _named(packages: Sequence[Package]) -> str:
    return ", ".join(f"{one_line(one.name)} {text.size(one.bytes)}" for one in packages) or "none"


def _words(name: str) -> str:
    words = CLASSES[name]
    return words if words.startswith("OS") else words[0].lower() + words[1:]
