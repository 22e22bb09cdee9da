"""The table as Markdown, for a pull request or a README. Names are whole here: a page has no width."""

from __future__ import annotations

import re

from tareweight.compare import Comparison, Row
from tareweight.report import text

_HEADERS = ("app", "variant", "base", "size", "vs baseline", "change", "layers", "user", "first answer", "check")
_ALIGN = ("left", "left", "left", "right", "right", "right", "right", "left", "right", "left")
_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&])")


def render(comparison: Comparison) -> str:
    """A table, then a list of what its marks mean and of the notes."""
    from tabulate import tabulate

    if not comparison.rows:
        return "Nothing to compare.\n"
    cells = []
    app = None
    for row in comparison.rows:
        cells.append([f"**{escape(row.app)}**" if row.app != app else "", *_cells(row)])
        app = row.app
    drawn = tabulate(cells, headers=_HEADERS, tablefmt="pipe", disable_numparse=True, colalign=_ALIGN)
    engine, store = comparison.engine, comparison.store
    about = engine if store in engine else f"{engine}, {store} store"
    notes = [*text.legend(comparison.rows), f"engine: {about}", *comparison.notes]
    return drawn + "\n\n" + "\n".join(f"- {escape(note)}" for note in notes) + "\n"


def escape(string: str) -> str:
    """`string` so that Markdown shows it as it is, in a cell too."""
    return _SPECIAL.sub(r"\\\1", string)


def _cells(row: Row) -> list[str]:
    marks, letter = text.marks(row), text.letter(row)
    cells = [
        f"{row.variant} {marks}" if marks else row.variant,
        (row.base or text.NONE) + (f" ({letter})" if letter else ""),
        text.size(row.size),
        text.ratio(row),
        text.percent(row),
        text.number(row.layers),
        row.user or text.NONE,
        text.seconds(row.first_answer),
        text.check(row),
    ]
    return [escape(cell) for cell in cells]
