"""The table for a terminal. By default it fits 100 columns whatever the names are; `wide` has every column, and no bound."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tareweight.compare import Comparison, Row
from tareweight.report import text
from tareweight.report.columns import DEFAULT, WIDE, Column
from tareweight.report.text import WIDTH

_GAP = 2
_NARROWEST = 7


def render(comparison: Comparison, *, wide: bool = False) -> str:
    """The table, what its marks mean, and the notes."""
    if not comparison.rows:
        return "Nothing to compare.\n"
    body, shortened = _body(comparison.rows, WIDE if wide else DEFAULT, sys.maxsize if wide else WIDTH)
    lines = [*body, "", *text.wrap(", ".join(text.legend(comparison.rows)), WIDTH, "  ")]
    if shortened:
        lines += text.wrap(f"{text.DOTS} shortened to fit; --wide, --format csv and json have the whole names", WIDTH, "  ")
    lines += text.wrap(text.about(comparison), WIDTH, "  ")
    for note in (*text.unknown_download(comparison), *(comparison.sources if wide else text.sources(comparison)), *comparison.notes):
        lines += text.wrap(note, WIDTH, "  ")
    if comparison.against:
        from tareweight.report import sections, since

        lines += ["", sections.terminal([since.section(comparison)]).rstrip("\n")]
    return "\n".join(lines) + "\n"


def _body(rows: Sequence[Row], columns: Sequence[Column], room: int) -> tuple[list[str], bool]:
    """The table's lines, and whether a name in it had to be shortened."""
    from tabulate import tabulate

    whole = [[column.cell(row) + column.tail(row) for column in columns] for row in rows]
    # Two header rows, drawn as cells: tabulate would make every column two wider than a header of its own.
    heads = [[column.header[line] for column in columns] for line in (0, 1)]
    widths = _widths([*heads, *whole], columns, room)
    cells = [[_fit(column, row, width) for column, width in zip(columns, widths, strict=True)] for row in rows]
    drawn = tabulate([*heads, *cells], tablefmt="plain", disable_numparse=True, colalign=[column.align for column in columns]).split("\n")
    across = min(max(text.width(line) for line in drawn), room)
    # Numbers are short in any sane project; clipping holds the promise in the others, and for wide letters.
    lines = [text.clip(line.rstrip(), room) for line in drawn[: len(heads)]]
    shortened = cells != whole
    app = None
    for row, line in zip(rows, drawn[len(heads) :], strict=True):
        if row.app != app:
            app = row.app
            lines.append(_heading(app, across))
            shortened = shortened or text.width(app) > across - 6
        lines.append(text.clip(line.rstrip(), room))
    return lines, shortened


def _fit(column: Column, row: Row, width: int) -> str:
    tail = column.tail(row)
    if column.least is None:
        return column.cell(row) + tail
    return column.shorten(column.cell(row), width - len(tail)) + tail


def _heading(app: str, across: int) -> str:
    """`-- calculator -----------`: a rule that names the app of the rows under it."""
    start = f"-- {text.clip(app, across - 6)} --"
    return start + "-" * (across - text.width(start))


def _widths(cells: Sequence[Sequence[str]], columns: Sequence[Column], room: int) -> list[int]:
    """How wide each column may be. Names give way down to their `least`, then the widest of them, until all fits."""
    widths = [max(text.width(line[at]) for line in cells) for at in range(len(columns))]
    over = sum(widths) + _GAP * (len(widths) - 1) - room
    soft = {at: column.least for at, column in enumerate(columns) if column.least is not None}
    for at, least in sorted(soft.items(), key=lambda item: -item[1]):
        give = max(0, min(over, widths[at] - least))
        widths[at] -= give
        over -= give
    while over > 0:
        widest = max(soft, key=lambda at: widths[at])
        if widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
        over -= 1
    return widths
