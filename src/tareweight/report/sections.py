"""A report in sections, each a title, a table and lines under it; drawn for a terminal, where it fits 100 columns, and as Markdown.

Cells and lines may hold what a stranger's image says: both drawings bring each of them to one harmless line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tareweight.errors import one_line
from tareweight.report import text
from tareweight.report.text import WIDTH

INDENT = "  "
_LONGEST = 4 * WIDTH
"""Columns of a line before it is wrapped."""


class Column(NamedTuple):
    """`room` are the columns of a terminal that its cells may take; None where they are short by nature."""

    header: str
    align: str = "left"
    room: int | None = None


class Section(NamedTuple):
    """`rows` have a cell for each of `columns`; no table is drawn without rows. `lines` stand below it."""

    title: str
    columns: Sequence[Column] = ()
    rows: Sequence[Sequence[str]] = ()
    lines: Sequence[str] = ()


def terminal(sections: Iterable[Section]) -> str:
    """Plain text of at most `WIDTH` columns; names are shortened in the middle."""
    return "\n\n".join("\n".join(_plain(section)) for section in sections) + "\n"


def _plain(section: Section) -> Iterable[str]:
    yield from text.wrap(text.clip(one_line(section.title), _LONGEST), WIDTH, INDENT)
    for line in _table(section, "plain"):
        yield text.clip(INDENT + line, WIDTH)
    for line in section.lines:
        for piece in text.wrap(text.clip(one_line(line), _LONGEST), WIDTH - len(INDENT), INDENT):
            yield INDENT + piece


def pages(sections: Iterable[Section]) -> str:
    """Markdown; names are whole."""
    return "\n\n".join("\n\n".join(_marked(section)) for section in sections) + "\n"


def _marked(section: Section) -> Iterable[str]:
    yield f"### {text.escape(one_line(section.title))}"
    if section.rows:
        yield "\n".join(_table(section, "pipe"))
    if section.lines:
        yield "\n".join(f"- {text.escape(one_line(line))}" for line in section.lines)


def _table(section: Section, form: str) -> list[str]:
    from tabulate import tabulate

    if not section.rows:
        return []
    aligns = [column.align for column in section.columns]
    headers = [column.header for column in section.columns]
    if form == "pipe":
        rows = [[text.escape(one_line(cell)) for cell in row] for row in section.rows]
        return tabulate(rows, headers=headers, tablefmt=form, disable_numparse=True, colalign=aligns).split("\n")
    # The header is drawn as a row: tabulate would make every column two wider than a header of its own.
    rows = [headers] if any(headers) else []
    rows += [[_fit(cell, column) for cell, column in zip(row, section.columns, strict=True)] for row in section.rows]
    drawn = tabulate(rows, tablefmt=form, disable_numparse=True, colalign=aligns, preserve_whitespace=False)
    return [line.rstrip() for line in drawn.split("\n")]


def _fit(cell: str, column: Column) -> str:
    plain = one_line(cell)
    return plain if column.room is None else text.clip(plain, column.room)
