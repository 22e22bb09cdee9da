"""What two images differ in, as a table, as Markdown and as JSON (`docs/diff.schema.json`)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeVar

from tareweight.difference.changes import Bytes, Difference, FileChange, Group, PackageChange, Setting, Side
from tareweight.report import known, sections, text
from tareweight.report.sections import Column, Section
from tareweight.scale.weight import CLASSES

FORMATS = ("table", "markdown", "json")
VERSION = 1
MOST_PACKAGES = 20
MOST_GROUPS = 10
MOST_FILES = 10
MOST_PATHS = 6
MOST_VALUE = 160
"""Characters of one value of the configuration."""

_SIGNS = {"dropped": "-", "added": "+", "changed": "~"}

T = TypeVar("T", PackageChange, FileChange)


def render(difference: Difference, format: str) -> str:
    """`difference` as one of `FORMATS`, ending in a newline. The table and Markdown show the largest changes, JSON all. `BadInput`."""
    known(format, FORMATS)
    if format == "json":
        return _json(difference)
    draw = sections.pages if format == "markdown" else sections.terminal
    return draw(list(_sections(difference)))


def _sections(difference: Difference) -> Iterator[Section]:
    yield _images(difference)
    yield _classes(difference)
    yield _packages(difference)
    if difference.groups:
        yield _groups(difference.groups)
    if difference.files:
        yield _files(difference.files)
    yield _surface(difference)
    yield _settings(difference.settings)
    yield _account(difference)


def _images(difference: Difference) -> Section:
    columns = (
        Column("image", room=40), Column("size", "right"), Column("files", "right"), Column("executables", "right"),
        Column("layers", "right"), Column("waste", "right"),
    )  # fmt: skip
    sides = difference.old, difference.new
    rows = [[one.name, text.size(one.size), str(one.files), str(one.executables), str(one.layers), text.size(one.waste)] for one in sides]
    lines = [] if difference.old.os == difference.new.os else [f"{difference.old.os or 'no system'} -> {difference.new.os or 'no system'}"]
    return Section(f"{difference.old.name} -> {difference.new.name}: {_change(difference)}", columns, rows, lines)


def _change(difference: Difference) -> str:
    """ "-734 MB, 28.3x smaller (-96.5 %)"."""
    old, new = difference.old.size, difference.new.size
    if old == new:
        return "of the same size"
    if not old or not new:
        return text.signed(difference.delta)
    percent = text.change(100 * (new - old) / old)
    return f"{text.signed(difference.delta)}, {text.shrinkage(old / new)}" + (f" ({percent})" if percent != text.NONE else "")


def _classes(difference: Difference) -> Section:
    columns = (Column(""), Column("was", "right"), Column("is", "right"), Column("change", "right"))
    rows = [[CLASSES[one.name], *_sizes(one)] for one in difference.classes if one.old or one.new]
    rows.append(["all", *_sizes(Bytes(difference.old.size, difference.new.size))])
    return Section("what the bytes are", columns, rows)


def _sizes(one: Bytes) -> list[str]:
    return [text.size(one.old), text.size(one.new), text.signed(one.delta)]


def _packages(difference: Difference) -> Section:
    changes = difference.packages
    shown = _first(changes, MOST_PACKAGES)
    columns = (Column(""), Column("type", room=8), Column("package", room=34), Column("version", room=36), Column("change", "right"))
    rows = [[_SIGNS[one.kind], one.type, one.name, _versions(one), text.signed(one.delta)] for one in shown]
    rows += _more(len(changes) - len(shown), ["", "", "{}", "", _sum([one for one in changes if one not in shown])])
    if changes:
        rows.append(["", "", "all", "", _sum(changes)])
    counts = [*_counts(changes), f"{difference.same_packages} the same"]
    return Section(f"packages: {', '.join(counts)}", columns, rows)


def _first(changes: Sequence[T], most: int) -> list[T]:
    """The first `most` of `changes`, with a place kept for some of each kind: what is new is rarely among the largest."""
    kept = {id(one) for kind in _SIGNS for one in [other for other in changes if other.kind == kind][: most // 5]}
    rest = [id(one) for one in changes if id(one) not in kept]
    chosen = kept.union(rest[: most - len(kept)])
    return [one for one in changes if id(one) in chosen]


def _counts(changes: Sequence[PackageChange | FileChange]) -> list[str]:
    """ "3 dropped (-7.0 MB)", for each kind that there is."""
    by_kind = [(kind, [one for one in changes if one.kind == kind]) for kind in _SIGNS]
    return [f"{len(of_kind)} {kind} ({_sum(of_kind)})" for kind, of_kind in by_kind if of_kind]


def _sum(changes: Sequence[Bytes | FileChange]) -> str:
    return text.signed(sum(one.delta for one in changes))


def _more(left: int, cells: list[str]) -> list[list[str]]:
    """A row for all that aren't shown, where there are any."""
    return [[cell.format(f"and {left} more") for cell in cells]] if left else []


def _versions(one: PackageChange) -> str:
    """The versions that came and went; all of them where only their number differs; one and what differs, where they are equal."""
    old, new = Counter(one.old_versions), Counter(one.new_versions)
    if old == new:
        return f"{text.versions(old)} ({f'{one.old_files} -> {one.new_files} files' if one.old_files != one.new_files else 'other files'})"
    gone, come = old - new, new - old
    if not gone or not come:
        gone, come = old, new
    return " -> ".join(text.versions(versions) for versions in (gone, come) if versions)


def _groups(groups: Sequence[Group]) -> Section:
    columns = (Column("", room=29), Column("in", room=42), Column("differs", "right"), Column("change", "right"))
    rows = [[CLASSES.get(one.place, one.place), one.directory, *_moved([one])] for one in groups[:MOST_GROUPS]]
    rows += _more(len(groups[MOST_GROUPS:]), ["", "{}", *_moved(groups[MOST_GROUPS:])])
    rows.append(["", "all", *_moved(groups)])
    return Section("files of no package", columns, rows)


def _moved(groups: Sequence[Group]) -> list[str]:
    return [text.size(sum(one.moved for one in groups)), _sum(groups)]


def _files(files: Sequence[FileChange]) -> Section:
    moved = [one for one in files if one.kind != "changed" or one.content]
    marked = [(one, marks) for one in files if (marks := [mark for mark in one.marks if mark[0] != "type"])]
    columns = (Column(""), Column("largest", room=46), Column("of", room=29), Column("was", "right"), Column("is", "right"))
    rows = [
        [_SIGNS[one.kind], one.path, one.owner.partition(":")[2] or CLASSES.get(one.place, one.place), text.size(one.old), text.size(one.new)]
        for one in _first([one for one in moved if one.moved], MOST_FILES)
    ]
    counts = [*_counts(moved), *([f"{len(marked)} with another mode, user or target"] if marked else [])]
    lines = [f"{one.path}: {', '.join(f'{what} {old} -> {new}' for what, old, new in marks)}" for one, marks in marked[:MOST_FILES]]
    lines += [f"and {len(marked) - MOST_FILES} more with another mode, user or target"] if len(marked) > MOST_FILES else []
    return Section(f"files and links: {', '.join(counts) or 'the same'}", columns, rows, lines)


def _surface(difference: Difference) -> Section:
    old, new = difference.old, difference.new
    lines = []
    if lost := [name for name in old.traits if name not in new.traits]:
        lines.append(f"no longer: {', '.join(lost)}")
    if come := [name for name in new.traits if name not in old.traits]:
        lines.append(f"NEW: {', '.join(come)}")
    for one in difference.surface:
        words = one.kind.replace("_", " ")
        lines += [f"{words} {word}: {_listed(paths)}" for word, paths in (("gone", one.gone), ("new", one.new)) if paths]
    return Section("surface", lines=lines or ["the same"])


def _listed(paths: Sequence[str]) -> str:
    more = len(paths) - MOST_PATHS
    return ", ".join(paths[:MOST_PATHS]) + (f" and {more} more" if more > 0 else "")


def _settings(settings: Sequence[Setting]) -> Section:
    return Section("configuration", lines=[f"{one.name or one.field}: {_value(one, one.old)} -> {_value(one, one.new)}" for one in settings] or ["the same"])


def _value(one: Setting, value: tuple[str, ...]) -> str:
    if not value:
        return "root (not set)" if one.field == "user" else "none"
    single = one.field in {"user", "workdir", "environment"}
    return text.clip(value[0] if single else json.dumps(value, ensure_ascii=False), MOST_VALUE)


def _account(difference: Difference) -> Section:
    account = difference.account
    if account.percent is None:
        return Section("accounted for: nothing was dropped, added or changed", lines=difference.notes)
    share = _percent(account.packages + account.directories, account.moved)
    lines = [
        f"by package: {text.size(account.packages)} ({_percent(account.packages, account.moved)})",
        f"by class and directory: {text.size(account.directories)} ({_percent(account.directories, account.moved)})",
    ]
    if account.unowned:
        lines.append(f"not explained: {text.size(account.unowned)} in files of which nothing says what they are for")
    if account.unlisted:
        lines.append(f"not explained: {text.size(account.unlisted)} in files that aren't listed")
    if difference.rest:
        lines.append(f"of the change in size, {text.signed(difference.rest)} is neither in the packages nor in the files of none")
    return Section(f"accounted for: {share} of the {text.size(account.moved)} that were dropped, added or changed", lines=[*lines, *difference.notes])


def _percent(part: int, whole: int) -> str:
    """Rounded down, so that 100 per cent are all."""
    tenths = 1000 * part // whole
    return f"{tenths // 10}.{tenths % 10} %"


def _json(difference: Difference) -> str:
    account = difference.account
    document = {
        "version": VERSION,
        "tareweight": difference.tareweight,
        "old": _side(difference.old),
        "new": _side(difference.new),
        "delta_bytes": difference.delta,
        "classes": [{"name": one.name, **_bytes(one)} for one in difference.classes],
        "packages": [_package(one) for one in difference.packages],
        "same_packages": difference.same_packages,
        "groups": [_group(one) for one in difference.groups],
        "rest_bytes": difference.rest,
        "files": None if difference.files is None else [_file(one) for one in difference.files],
        "configuration": [{"field": one.field, "name": one.name or None, "old": one.old, "new": one.new} for one in difference.settings],
        "surface": [{"kind": one.kind, "gone": one.gone, "new": one.new} for one in difference.surface],
        "accounted": {
            "moved_bytes": account.moved,
            "packages_bytes": account.packages,
            "directories_bytes": account.directories,
            "unowned_bytes": account.unowned,
            "unlisted_bytes": account.unlisted,
            "percent": account.percent,
        },
        "notes": difference.notes,
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _side(side: Side) -> dict[str, object]:
    return {
        "name": side.name,
        "image_id": side.image_id,
        "platform": side.platform,
        "os": side.os,
        "size_bytes": side.size,
        "files": side.files,
        "executables": side.executables,
        "layers": side.layers,
        "waste_bytes": side.waste,
        "traits": side.traits,
        "complete": side.complete,
    }


def _bytes(one: Bytes) -> dict[str, int]:
    return {"old_bytes": one.old, "new_bytes": one.new, "delta_bytes": one.delta}


def _package(one: PackageChange) -> dict[str, object]:
    return {
        "kind": one.kind,
        "type": one.type,
        "name": one.name,
        "old_versions": one.old_versions,
        "new_versions": one.new_versions,
        **_bytes(one),
        "old_files": one.old_files,
        "new_files": one.new_files,
    }


def _group(one: Group) -> dict[str, object]:
    return {
        "class": one.place,
        "directory": one.directory,
        **_bytes(one),
        "old_files": one.old_files,
        "new_files": one.new_files,
        "moved_bytes": one.moved,
    }


def _file(one: FileChange) -> dict[str, object]:
    return {
        "kind": one.kind,
        "path": one.path,
        "old_bytes": one.old,
        "new_bytes": one.new,
        "package": one.owner or None,
        "class": one.place or None,
        "content": one.content,
        "marks": [{"what": what, "old": old, "new": new} for what, old, new in one.marks],
    }
