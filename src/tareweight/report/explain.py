"""One image: where its bytes are, what there is to attack, what was left behind, and what would make it smaller."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tareweight.advice import Advice
from tareweight.errors import one_line
from tareweight.report import known, sections, text
from tareweight.report.explanation import SURFACE, Explanation
from tareweight.report.sections import Column, Section
from tareweight.report.text import WIDTH
from tareweight.scale.weight import CLASSES, Finding, Package, Place, Weight

FORMATS = ("table", "markdown", "json")
MOST = 10
MOST_FILES = 5
MOST_NAMES = 8
_BAR = 30
_BEHIND = " " * 6
_BIG = 0.05
"""Of the image: what a directory has to hold to be told beside its siblings."""
_MOSTLY = 0.8
_TOLD = 0.6
"""Of a directory: what those below it have to hold to be told instead."""


def render(one: Explanation, format: str) -> str:
    """`one` as one of `FORMATS`, ending in a newline. JSON has everything, the others the largest. `BadInput`."""
    known(format, FORMATS)
    if format == "json":
        from tareweight.report import explain_json

        return explain_json.render(one)
    told = list(_sections(one))
    if format == "markdown":
        return sections.pages(told) + "\n" + "\n".join(_advice_page(one.advice)) + "\n"
    return sections.terminal(told) + "\n" + "\n".join(_advice_plain(one.advice)) + "\n"


def _sections(one: Explanation) -> Iterator[Section]:
    weight = one.weight
    yield Section(_headline(one), lines=_facts(one))
    yield _classes(weight)
    if weight.scan.packages:
        yield _packages(weight.scan.packages)
    if weight.scan.directories:
        yield _directories(weight)
    if weight.scan.biggest:
        yield _files(weight)
    yield _layers(one)
    yield _surface(one)
    if weight.all_secrets:
        yield _secrets(weight.all_secrets)
    if weight.scan.leftovers:
        yield _leftovers(weight.scan.leftovers)


def _headline(one: Explanation) -> str:
    return f"{one.name}: {text.size(one.weight.size)} in {_count(one.weight.scan.files, 'file')}, {_count(len(one.weight.scan.packages), 'package')}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _facts(one: Explanation) -> list[str]:
    weight = one.weight
    system = f"{weight.scan.os}, " if weight.scan.os else ""
    stands = []
    if one.tare is not None and one.base_layers is not None:
        base = ", ".join([*([one.base] if one.base else []), *([_count(one.base_layers, "layer")] if one.base_layers else [])])
        own = _count(len(weight.layers) - one.base_layers, "layer")
        stands = [f"tare {text.size(one.tare)}{f' ({base})' if base else ''}", f"cargo {text.size(weight.layered - one.tare)} ({own})"]
    download = [] if one.download is None else [f"download {text.size(one.download)}"]
    return [
        f"{system}{weight.platform}",
        *([", ".join(stands)] if stands else []),
        ", ".join([f"waste {text.size(weight.waste)}", *download]),
        *([f"OUT OF DATE ({one.stale}): its lines may be those of another Dockerfile"] if one.stale else []),
        *([] if weight.scan.complete else [f"not seen whole: {'; '.join(weight.scan.notes[:3])}"]),
    ]


def _classes(weight: Weight) -> Section:
    sizes = weight.scan.classes
    rows = [
        [words, text.size(sizes[name]), _share(sizes[name], weight.size), "█" * _bar(sizes[name], weight.size)]
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
    rest = sum(one.bytes for one in packages) - sum(one.bytes for one in largest)
    more = len(packages) - len(largest)
    rows = [[text.size(one.bytes), one.type, one.name, one.version] for one in largest]
    lines = [f"and {more} more, {text.size(rest)} in all"] if more else []
    return Section("biggest packages", (Column("", "right"), Column("", room=8), Column("", room=40), Column("", room=36)), rows, lines)


def _directories(weight: Weight) -> Section:
    shown = telling(weight.scan.directories, weight.size)
    rows = [[text.size(one.bytes), _count(one.files, "file"), one.path] for one in shown]
    return Section("biggest directories", (Column("", "right"), Column("", "right"), Column("", room=70)), rows)


def telling(directories: Sequence[Place], size: int) -> list[Place]:
    """Directories of which none lies in another, the biggest first: each one is opened as long as a few big ones below it say more."""
    below: dict[str, list[Place]] = {}
    for one in directories:
        above = max((other for other in directories if _holds(other, one)), key=lambda other: len(other.path), default=None)
        below.setdefault(above.path if above else "", []).append(one)
    found: list[Place] = []
    waiting = list(below.get("", ()))
    while waiting:
        one = waiting.pop()
        inside = below.get(one.path, [])
        big = [other for other in inside if other.bytes >= max(size * _BIG, 1) or other.bytes >= one.bytes * _MOSTLY]
        if sum(other.bytes for other in big) >= one.bytes * _TOLD:
            waiting += big
        else:
            found.append(one)
    return sorted(found, key=lambda one: (-one.bytes, one.path))[:MOST]


def _holds(one: Place, other: Place) -> bool:
    return other.path.startswith(f"{one.path.rstrip('/')}/")


def _files(weight: Weight) -> Section:
    rows = [[text.size(one.bytes), one.path, one.owner.partition(":")[2]] for one in weight.scan.biggest[:MOST_FILES]]
    return Section("biggest files, and the packages that they belong to", (Column("", "right"), Column("", room=56), Column("", room=28)), rows)


def _layers(one: Explanation) -> Section:
    lines = one.lines or (None,) * len(one.weight.layers)
    rows = [
        [text.size(layer.bytes), f"Dockerfile:{line}" if line else "base" if number < (one.base_layers or 0) else text.NONE, layer.instruction]
        for number, (layer, line) in enumerate(zip(one.weight.layers, lines, strict=True))
    ]
    title = f"layers, oldest first; Dockerfile is {one.dockerfile}" if one.dockerfile else "layers, oldest first"
    return Section(title, (Column("", "right"), Column(""), Column("", room=68)), rows)


def _surface(one: Explanation) -> Section:
    there = one.weight.scan.surface
    lines = [f"user: {one.weight.config.user or 'root (not set)'}"]
    if one.locked:
        lines[0] += f"; locked down: {one.locked}"
    for kind in SURFACE:
        if paths := getattr(there, kind):
            lines.append(f"{kind.replace('_', ' ')}: {_names(paths)}")
    return Section(f"surface: {_count(there.executables, 'executable')}", lines=lines)


def _names(paths: Sequence[str]) -> str:
    """The programs' names, each once."""
    names = list(dict.fromkeys(path.rpartition("/")[2] or path for path in paths))
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _secrets(findings: Sequence[Finding]) -> Section:
    rows = [[one.kind, one.path] for one in findings[:MOST]]
    return Section(f"SECRETS: {len(findings)}", (Column("", room=30), Column("", room=66)), rows, _more(findings))


def _leftovers(findings: Sequence[Finding]) -> Section:
    largest = sorted(findings, key=lambda one: (-one.bytes, one.path))
    rows = [[text.size(one.bytes), one.kind, one.path] for one in largest[:MOST]]
    title = f"left behind: {text.size(sum(one.bytes for one in findings))}"
    return Section(title, (Column("", "right"), Column("", room=28), Column("", room=56)), rows, _more(findings))


def _more(findings: Sequence[Finding]) -> list[str]:
    return [f"and {len(findings) - MOST} more"] if len(findings) > MOST else []


def _advice_title(advice: Sequence[Advice]) -> str:
    return f"advice: {_count(len(advice), 'way')} to make it smaller or safer" + ("; what they save overlaps" if len(advice) > 1 else "")


_NOTHING = "advice: none; nothing that the scale sees would make it smaller or safer"


def saving(one: Advice) -> str:
    """ "at least 12.3 MB", "1.0 MB of waste"; empty where nothing is saved."""
    if not one.saves:
        return ""
    bound = "" if one.bound == "exactly" else f"{one.bound} "
    return f"{bound}{text.size(one.saves)}{' of waste' if one.of == 'waste' else ''}"


def _advice_plain(advice: Sequence[Advice]) -> Iterator[str]:
    if not advice:
        yield _NOTHING
        return
    yield _advice_title(advice)
    for number, one in enumerate(advice, 1):
        saves = saving(one)
        yield f"{number:3}. {one.kind}{f': {saves}' if saves else ''}"
        for line in (one.what, *one.how):
            mark = "" if line is one.what else "-> "
            for piece in text.wrap(mark + one_line(line), WIDTH - len(_BEHIND), "   " if mark else ""):
                yield text.clip(_BEHIND + piece, WIDTH)


def _advice_page(advice: Sequence[Advice]) -> Iterator[str]:
    if not advice:
        yield f"### {_NOTHING}"
        return
    yield f"### {_advice_title(advice)}"
    yield ""
    for number, one in enumerate(advice, 1):
        saves = saving(one)
        yield f"{number}. **{one.kind}{f': {saves}' if saves else ''}**: {_marked(one.what)}"
        for line in one.how:
            yield f"   - {_marked(line)}"


def _marked(line: str) -> str:
    """What stands between backticks is code in Markdown too; nothing else of it is."""
    pieces = re.split(r"`([^`]*)`", one_line(line))
    return "".join(f"`{piece.strip()}`" if number % 2 else text.escape(piece) for number, piece in enumerate(pieces))
