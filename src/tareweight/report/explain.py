"""One image: where its bytes are, what there is to attack, what was left behind, and what would make it smaller."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tareweight import __version__
from tareweight.advice import Advice
from tareweight.report import known, sections, text
from tareweight.report.sections import Column, Section
from tareweight.scale.weight import CLASSES, Finding, Package, Place, Weight

FORMATS = ("table", "markdown", "json")
VERSION = 1
MOST = 10
_BAR = 30
_SURFACE = ("shells", "package_managers", "compilers", "interpreters", "network_clients", "setuid", "world_writable")


@dataclass(frozen=True)
class Explanation:
    """What is told of the image `name`. `lines` has the Dockerfile's line for each layer, None for the base's; `dockerfile` is its path.

    `tare` are the bytes of the base's layers and `download` those of a pull; None where not known. `locked` is the check's word.
    """

    name: str
    weight: Weight
    dockerfile: str
    lines: Sequence[int | None]
    tare: int | None
    download: int | None
    locked: str
    advice: Sequence[Advice]


def render(one: Explanation, format: str) -> str:
    """`one` as one of `FORMATS`, ending in a newline. JSON has everything, the others the largest. `BadInput`."""
    known(format, FORMATS)
    if format == "json":
        return _json(one)
    draw = sections.pages if format == "markdown" else sections.terminal
    return draw(list(_sections(one)))


def _sections(one: Explanation) -> Iterator[Section]:
    weight = one.weight
    yield Section(_headline(one), lines=_facts(one))
    yield _classes(weight)
    yield _packages(weight.scan.packages)
    if weight.scan.directories:
        yield _places("directories", _telling(weight.scan.directories))
    if weight.scan.biggest:
        yield _places("largest files", weight.scan.biggest)
    yield _layers(one)
    yield _surface(weight)
    if weight.scan.leftovers or weight.all_secrets:
        yield _findings("left behind", (*weight.all_secrets, *sorted(weight.scan.leftovers, key=lambda found: -found.bytes)))
    yield _advice(one.advice)


def _headline(one: Explanation) -> str:
    return f"{one.name}: {text.size(one.weight.size)} in {one.weight.scan.files} files, {len(one.weight.scan.packages)} packages"


def _facts(one: Explanation) -> list[str]:
    weight = one.weight
    base = [] if one.tare is None else [f"base {text.size(one.tare)}, on top of it {text.size(weight.layered - one.tare)}"]
    system = f"{weight.scan.os}, " if weight.scan.os else ""
    download = "not known (compare --download)" if one.download is None else text.size(one.download)
    return [
        f"{system}{weight.platform}, {len(weight.layers)} layers of {text.size(weight.layered)} in all",
        ", ".join([*base, f"waste {text.size(weight.waste)}", f"download {download}"]),
        *([] if weight.scan.complete else [f"not seen whole: {'; '.join(weight.scan.notes[:3])}"]),
    ]


def _classes(weight: Weight) -> Section:
    sizes = weight.scan.classes
    rows = [
        [words, text.size(sizes[name]), _share(sizes[name], weight.size), "#" * _bar(sizes[name], weight.size)]
        for name, words in sorted(CLASSES.items(), key=lambda item: -sizes[item[0]])
        if sizes[name]
    ]
    return Section("what the bytes are", (Column(""), Column("", "right"), Column("", "right"), Column("")), rows)


def _bar(part: int, whole: int) -> int:
    """Anything but nothing shows."""
    return max(1, round(_BAR * part / whole)) if part else 0


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else text.NONE


def _packages(packages: Sequence[Package]) -> Section:
    largest = sorted(packages, key=lambda one: (-one.bytes, one.type, one.name))[:MOST]
    columns = (Column("type"), Column("name", room=40), Column("version", room=30), Column("", "right"))
    rest = sum(one.bytes for one in packages) - sum(one.bytes for one in largest)
    more = len(packages) - len(largest)
    lines = [f"and {more} more, {text.size(rest)}"] if more else [] if packages else ["none that a package database tells of"]
    return Section("packages", columns, [[one.type, one.name, one.version, text.size(one.bytes)] for one in largest], lines)


def _telling(directories: Sequence[Place]) -> list[Place]:
    """Without those of which nearly all is in one directory below them, which is listed too."""
    nearly = 0.9
    return [
        one
        for one in directories
        if not any(other.path.startswith(f"{one.path.rstrip('/')}/") and other.bytes > nearly * one.bytes for other in directories)
    ]


def _places(title: str, places: Sequence[Place]) -> Section:
    columns = (Column("", room=60), Column("files", "right"), Column("", "right"), Column("of", room=26))
    rows = [[one.path, text.number(one.files), text.size(one.bytes), one.owner or text.NONE] for one in places[:MOST]]
    if not any(one.owner for one in places[:MOST]):
        return Section(title, columns[:3], [row[:3] for row in rows])
    return Section(title, (columns[0], columns[2], columns[3]), [[row[0], row[2], row[3]] for row in rows])


def _layers(one: Explanation) -> Section:
    lines = one.lines or (None,) * len(one.weight.layers)
    rows = [
        [text.size(layer.bytes), f"line {line}" if line else "base" if one.lines else text.NONE, layer.instruction]
        for layer, line in zip(one.weight.layers, lines, strict=True)
    ]
    title = f"layers, oldest first ({one.dockerfile})" if one.dockerfile else "layers, oldest first"
    return Section(title, (Column("", "right"), Column(""), Column("", room=70)), rows)


def _surface(weight: Weight) -> Section:
    there = weight.scan.surface
    user = weight.config.user or "root (not set)"
    lines = [f"user: {user}", *(line for name in _SURFACE if (line := _paths(name.replace("_", " "), getattr(there, name))))]
    return Section("surface", lines=[*lines, f"executables: {there.executables}"])


def _paths(title: str, paths: Sequence[str]) -> str:
    more = len(paths) - 6
    return f"{title}: {', '.join(paths[:6])}{f' and {more} more' if more > 0 else ''}" if paths else ""


def _findings(title: str, findings: Sequence[Finding]) -> Section:
    rows = [[one.kind, one.path, text.size(one.bytes) if one.bytes else ""] for one in findings[:MOST]]
    more = len(findings) - MOST
    return Section(title, (Column("", room=30), Column("", room=50), Column("", "right")), rows, [f"and {more} more"] if more > 0 else [])


def _advice(advice: Sequence[Advice]) -> Section:
    if not advice:
        return Section("advice", lines=["nothing that the scale sees would make it smaller"])
    lines = []
    for one in advice:
        saves = f" saves {one.bound} {text.size(one.saves)}{' of waste' if one.of == 'waste' else ''}:" if one.saves else ":"
        lines.append(f"{one.kind}{saves} {one.what}")
        lines += [f"  -> {how}" for how in one.how]
    return Section("advice (savings overlap)", lines=lines)


def _json(one: Explanation) -> str:
    weight = one.weight
    scan, there = weight.scan, weight.scan.surface
    document = {
        "version": VERSION,
        "tareweight": __version__,
        "image": one.name,
        "image_id": weight.image_id,
        "platform": weight.platform,
        "os": scan.os or None,
        "store": weight.store,
        "size_bytes": weight.size,
        "files": scan.files,
        "layered_bytes": weight.layered,
        "waste_bytes": weight.waste,
        "tare_bytes": one.tare,
        "download_bytes": one.download,
        "classes": dict(scan.classes),
        "packages": [
            {"type": held.type, "name": held.name, "version": held.version, "bytes": held.bytes, "files": held.files, "path": held.path or None}
            for held in scan.packages
        ],
        "directories": [{"path": place.path, "bytes": place.bytes, "files": place.files} for place in scan.directories],
        "largest_files": [{"path": place.path, "bytes": place.bytes, "owner": place.owner or None} for place in scan.biggest],
        "dockerfile": one.dockerfile or None,
        "layers": [
            {"diff_id": layer.diff_id, "bytes": layer.bytes, "instruction": layer.instruction, "line": line}
            for layer, line in zip(weight.layers, one.lines or (None,) * len(weight.layers), strict=True)
        ],
        "user": weight.config.user or None,
        "locked": one.locked or None,
        "traits": list(weight.traits),
        "surface": {**{name: list(getattr(there, name)) for name in _SURFACE}, "executables": there.executables},
        "secrets": [{"kind": found.kind, "path": found.path} for found in weight.all_secrets],
        "leftovers": [{"kind": found.kind, "path": found.path, "bytes": found.bytes} for found in scan.leftovers],
        "unstripped": [{"kind": found.kind, "path": found.path, "bytes": found.bytes} for found in scan.unstripped],
        "advice": [
            {"kind": told.kind, "saves_bytes": told.saves, "bound": told.bound, "of": told.of, "what": told.what, "how": list(told.how)} for told in one.advice
        ],
        "complete": scan.complete,
        "notes": list(scan.notes),
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"
