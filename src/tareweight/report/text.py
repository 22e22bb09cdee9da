"""Numbers and names as people read them, the same in the table and in Markdown."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping

from tareweight.bases.recipes import NEAREST
from tareweight.compare import Comparison, Row

NONE = "-"
TRAITS = {
    "root": "r root", "shell": "s shell", "package-manager": "p package manager", "compiler": "c compiler",
    "interpreter": "i interpreter", "network-client": "n network client", "setuid": "u setuid file",
}  # fmt: skip
"""The letters of the surface column, and what they stand for."""
DOTS = "…"
WIDTH = 100
"""Columns of a terminal that tables and lines keep to."""
_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&])")
_FEW = 3
"""Bases whose stand-ins a table names one by one."""


def size(value: int | None) -> str:
    """MB are 10^6 bytes, as Docker prints them; kB below a tenth of one, so that nothing but nothing is 0."""
    if value is None:
        return NONE
    if value < 1000:
        return f"{value} B"
    unit, name = (10**3, "kB") if value < 10**5 else (10**6, "MB")
    return f"{_short(value / unit)} {name}"


def signed(value: int | None) -> str:
    """A change in bytes: "+1.2 MB", "-340 B", "0 B"."""
    if value is None:
        return NONE
    return f"{'+' if value > 0 else '-' if value < 0 else ''}{size(abs(value))}"


def ratio(row: Row) -> str:
    """ "8.0x smaller", "1.3x larger", "baseline"; never "800 % smaller"."""
    if row.is_baseline:
        return "baseline"
    return NONE if row.ratio is None else shrinkage(row.ratio)


def shrinkage(ratio: float) -> str:
    """The old size divided by the new one, in words."""
    times, word = (ratio, "smaller") if ratio >= 1 else (1 / ratio, "larger")
    if times < 1.005:
        return "same" if times == 1 else "about same"
    if times >= 9999.5:
        return f">9999x {word}"
    return f"{times:.2f}x {word}" if times < 1.095 else f"{_short(times)}x {word}"


def percent(row: Row) -> str:
    """ "-87.5 %" where the image is smaller. Stays under 100: growth by more than that is told by the ratio alone."""
    return NONE if row.percent is None or row.is_baseline else change(-row.percent)


def change(percent: float) -> str:
    """`percent` with its sign; NONE where it would be 100 or more."""
    tenths = round(abs(percent) * 10)
    if tenths >= 1000:
        if percent > 0:
            return NONE
        tenths = 999
    sign = "" if tenths == 0 else "+" if percent > 0 else "-"
    return f"{sign}{tenths // 10}.{tenths % 10} %"


def seconds(value: float | None) -> str:
    """ "0.31 s", "12.3 s", "140 s"; thousandths below a tenth of a second."""
    if value is None or not math.isfinite(value):
        return NONE
    if value < 0.0995:
        return f"{max(value, 0) * 1000:.0f} ms"
    return f"{value:.2f} s" if value < 9.995 else f"{_short(value)} s"


def check(row: Row) -> str:
    """What the check said; a build that failed or an image that isn't there says so here."""
    if row.state == "missing":
        return "missing"
    if (row.state == "failed" or row.check_ok is False) and "failed" not in row.check:
        return "failed"
    return row.check or NONE


def number(value: int | None) -> str:
    """A count."""
    return NONE if value is None else str(value)


def marks(row: Row) -> str:
    """What follows the variant's name; the legend is `legend`."""
    return ("*" if row.smallest else "") + ("~" if row.state == "stale" else "")


def surface(row: Row) -> str:
    """What there is for an attacker to use, a place for each letter of `TRAITS`: "rspcinu" has it all, "-------" nothing."""
    if row.weight is None:
        return NONE
    has = row.weight.traits
    return "".join(words[0] if name in has else "-" for name, words in TRAITS.items())


def letter(row: Row) -> str:
    """The base's source in one letter."""
    return {"upstream": "u", "debian": "d"}.get(row.base_source, "")


def legend(rows: tuple[Row, ...]) -> list[str]:
    """What the marks and letters in `rows` mean; nothing that isn't there is explained."""
    parts = []
    if any(row.smallest for row in rows):
        parts.append("* smallest that passes its check")
    if any(row.state == "stale" for row in rows):
        parts.append("~ out of date")
    if any(row.weight for row in rows):
        parts.append("surface: " + ", ".join(TRAITS.values()))
    letters = {letter(row) for row in rows}
    if "u" in letters:
        parts.append("(u) base pulled from upstream")
    if "d" in letters:
        parts.append("(d) base made from Debian packages")
    return parts


def sources(comparison: Comparison) -> list[str]:
    """Where the bases come from, in short: the letters tell which was pulled; of many that were made here, each is named by `invoke bases`."""
    made = {row.base: row.stand_in for row in comparison.rows if letter(row) == "d"}
    if len(made) <= _FEW:
        return list(comparison.sources)
    other = [f"{base} <- {stand_in}" for base, stand_in in made.items() if NEAREST in stand_in]
    return [f"debian: {len(made)} bases are stand-ins; `invoke bases` and --wide say what each is made of", *other]


def unknown_download(comparison: Comparison) -> list[str]:
    """How to learn what isn't known."""
    known = all(row.download is not None for row in comparison.rows if row.weight)
    return [] if known else [f"download {NONE}: not known yet; --download has the engine pack the images once, to learn it"]


def about(comparison: Comparison) -> str:
    """The engine, and what all images take in it together."""
    engine, store = comparison.engine, comparison.store
    parts = [engine] if store in engine else [engine, f"{store} store"]
    if sum(row.weight is not None for row in comparison.rows) > 1:
        parts.append(f"where all layers, each counted once, take {size(comparison.stored)}")
    return "engine: " + ", ".join(part for part in parts if part)


def width(string: str) -> int:
    """Columns that `string` takes in a terminal."""
    return len(string) if string.isascii() else sum(_columns(char) for char in string)


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def clip(string: str, room: int) -> str:
    """`string` in at most `room` columns, shortened in the middle: the ends of names tell them apart."""
    if width(string) <= room:
        return string
    if room <= 1:
        return DOTS[:room]
    tail = _take(string[::-1], (room - 1) // 2)[::-1]
    return _take(string, room - 1 - width(tail)) + DOTS + tail


def _take(string: str, room: int) -> str:
    taken = 0
    for index, char in enumerate(string):
        taken += _columns(char)
        if taken > room:
            return string[:index]
    return string


def wrap(line: str, room: int, indent: str) -> list[str]:
    """`line` in pieces of at most `room` columns, cut between words where that can be done."""
    if not line:
        return []
    if width(line) == len(line):
        import textwrap

        return textwrap.wrap(line, room, subsequent_indent=indent, break_on_hyphens=False)
    lines, current = [], ""
    for char in line:
        if width(current + char) > room:
            cut = current.rfind(" ", len(indent) + 1)
            keep, rest = (current[:cut], current[cut + 1 :]) if cut > 0 else (current, "")
            lines.append(keep)
            current = indent + rest
        current += char
    return [*lines, current]


def base(name: str, room: int) -> str:
    """A base's name in at most `room` columns: without digest, then without registry and folders, then clipped."""
    plain, at, _ = name.partition("@")
    last = plain.rpartition("/")[2]
    short = [name, f"{plain}@{DOTS}" if at else plain, plain, f"{DOTS}/{last}", last]
    return next((one for one in short if width(one) <= room), clip(last, room))


def versions(counts: Mapping[str, int]) -> str:
    """ "1.2, 1.3 (3 times)": a package may lie in several places."""
    return ", ".join(f"{version} ({times} times)" if times > 1 else version for version, times in counts.items())


def escape(string: str) -> str:
    """`string` so that Markdown shows it as it is, in a cell too."""
    return _SPECIAL.sub(r"\\\1", string)


def _short(value: float) -> str:
    return f"{value:.1f}" if value < 99.95 else f"{value:.0f}"
