"""The table as Markdown, for a pull request or a README. Names are whole here: a page has no width."""

from __future__ import annotations

from tareweight.compare import Comparison
from tareweight.report import text
from tareweight.report.columns import DEFAULT, WIDE


def render(comparison: Comparison, *, wide: bool = False) -> str:
    """A table, then a list of what its marks mean and of the notes."""
    from tabulate import tabulate

    if not comparison.rows:
        return "Nothing to compare.\n"
    columns = WIDE if wide else DEFAULT
    cells = []
    app = None
    for row in comparison.rows:
        cells.append([f"**{text.escape(row.app)}**" if row.app != app else "", *(text.escape(column.cell(row) + column.tail(row)) for column in columns)])
        app = row.app
    headers, aligns = ["app", *(column.name for column in columns)], ["left", *(column.align for column in columns)]
    drawn = tabulate(cells, headers=headers, tablefmt="pipe", disable_numparse=True, colalign=aligns)
    notes = [*text.legend(comparison.rows), text.about(comparison), *comparison.sources, *comparison.notes]
    page = drawn + "\n\n" + "\n".join(f"- {text.escape(note)}" for note in notes) + "\n"
    if comparison.against:
        from tareweight.report import sections, since

        page += "\n" + sections.pages([since.section(comparison)])
    return page
