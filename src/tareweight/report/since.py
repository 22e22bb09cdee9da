"""What changed since a baseline: the lines that `compare --against` adds, for people and for programs."""

from __future__ import annotations

from collections import Counter

from tareweight.compare import Comparison, Row
from tareweight.lock import Change, Delta
from tareweight.report import text
from tareweight.report.sections import Column, Section

_MOST = 5


def section(comparison: Comparison) -> Section:
    """A row for each target that changed, and a line for each with the packages behind it."""
    changed = [(row, row.since) for row in comparison.rows if row.since and _differs(row.since)]
    same = sum(row.since is not None for row in comparison.rows) - len(changed)
    new = [row.name for row in comparison.rows if row.since is None and row.weight]
    columns = (Column("target", room=30), Column("size", "right"), Column("", "right"), Column("download", "right"), Column("packages", "right"))
    lines = [line for row, delta in changed for line in _lines(row, delta)]
    if same:
        lines.append(f"{same} target{'' if same == 1 else 's'} as before")
    if new:
        lines.append(f"not in the baseline: {', '.join(new)}")
    return Section(f"Since {comparison.against}", columns, [_cells(row, delta) for row, delta in changed], lines)


def value(delta: Delta | None) -> dict[str, object] | None:
    """The JSON of a row's `since`."""
    if delta is None:
        return None
    return {
        "size_bytes": delta.size,
        "download_bytes": delta.download,
        "rest_bytes": delta.rest,
        "packages": [
            {"type": one.type, "name": one.name, "before": list(one.before), "after": list(one.after), "bytes": one.bytes} for one in delta.packages
        ],
        "classes": dict(delta.classes),
        "gained": list(delta.gained),
        "lost": list(delta.lost),
    }


def _differs(delta: Delta) -> bool:
    return bool(delta.size or delta.download or delta.packages or delta.gained or delta.lost)


def _cells(row: Row, delta: Delta) -> list[str]:
    counts = [f"{mark}{count}" for mark, kind in (("+", "added"), ("-", "dropped"), ("~", "changed")) if (count := _count(delta, kind))]
    return [row.name, text.size(row.size), text.signed(delta.size), text.signed(delta.download), " ".join(counts) or text.NONE]


def _count(delta: Delta, kind: str) -> int:
    return sum(one.kind == kind for one in delta.packages)


def _lines(row: Row, delta: Delta) -> list[str]:
    behind = [_package(one) for one in delta.packages[:_MOST]]
    if more := len(delta.packages) - _MOST:
        behind += [f"{more} more"] if more > 0 else []
    if delta.rest:
        behind.append(f"files of no package {text.signed(delta.rest)}")
    surface = [f"{word} is new" for word in delta.gained] + [f"{word} is gone" for word in delta.lost]
    said = ", ".join([*behind, *surface])
    return [f"{row.name}: {said}"] if said else []


def _package(one: Change) -> str:
    old, new = text.versions(Counter(one.before)), text.versions(Counter(one.after))
    versions = f"{old} -> {new}" if old and new and old != new else new or old
    mark = {"added": "+", "dropped": "-", "changed": ""}[one.kind]
    return f"{mark}{one.type}:{one.name} {versions} {text.signed(one.bytes)}"
