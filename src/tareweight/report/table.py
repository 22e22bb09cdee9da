"""The table for a terminal. It fits 100 columns whatever the names are."""

from __future__ import annotations

from tareweight.compare import Comparison, Row
from tareweight.report import text

WIDTH = 100
_GAP = 2
_NARROWEST = 7
# Two rows, drawn as cells: tabulate would make every column two wider than a header of its own.
_HEADERS = (
    ("", "", "", "", "", "", "", "first", ""),
    ("variant", "base", "size", "vs baseline", "change", "layers", "user", "answer", "check"),
)
_ALIGN = ("left", "left", "right", "right", "right", "right", "left", "right", "left")
_VARIANT, _BASE, _USER, _CHECK = 0, 1, 6, 8
# What may be shortened, and the width below which it is not while another column is wider than its own.
_LEAST = {_BASE: 15, _VARIANT: 13, _USER: 7, _CHECK: 8}


def render(comparison: Comparison) -> str:
    """The table, what its marks mean, and the notes."""
    if not comparison.rows:
        return "Nothing to compare.\n"
    body, shortened = _body(comparison.rows)
    engine, store = comparison.engine, comparison.store
    about = [engine] if store in engine else [engine, f"{store} store"]
    lines = [*body, "", *_wrap(", ".join(text.legend(comparison.rows)), "")]
    if shortened:
        lines += _wrap(f"{text.DOTS} shortened to fit; --format csv and json have the whole names", "")
    lines += _wrap("engine: " + ", ".join(part for part in about if part), "  ")
    for note in comparison.notes:
        lines += _wrap(note, "  ")
    return "\n".join(lines) + "\n"


def _body(rows: tuple[Row, ...]) -> tuple[list[str], bool]:
    """The table's lines, and whether a name in it had to be shortened."""
    from tabulate import tabulate

    widths = _widths(rows)
    full = [_cells(row, None) for row in rows]
    cells = [_cells(row, widths) for row in rows]
    drawn = tabulate([*_HEADERS, *cells], tablefmt="plain", disable_numparse=True, colalign=_ALIGN).split("\n")
    head, body = drawn[: len(_HEADERS)], drawn[len(_HEADERS) :]
    across = max(text.width(line) for line in drawn)
    # Numbers are short in any sane project; clipping holds the promise in the others, and for wide letters.
    lines = [text.clip(line.rstrip(), WIDTH) for line in head]
    shortened = cells != full
    app = None
    for row, line in zip(rows, body, strict=True):
        if row.app != app:
            app = row.app
            lines.append(_heading(app, across))
            shortened = shortened or text.width(app) > WIDTH - 6
        lines.append(text.clip(line.rstrip(), WIDTH))
    return lines, shortened


def _heading(app: str, across: int) -> str:
    """`-- calculator -----------`: a rule that names the app of the rows under it."""
    across = min(across, WIDTH)
    start = f"-- {text.clip(app, WIDTH - 6)} --"
    return start + "-" * (across - text.width(start))


def _cells(row: Row, widths: list[int] | None) -> list[str]:
    marks, letter = text.marks(row), text.letter(row)
    after_variant = f" {marks}" if marks else ""
    after_base = f" ({letter})" if letter else ""
    variant, base, user, check = row.variant, row.base or text.NONE, row.user or text.NONE, text.check(row)
    if widths is not None:
        variant = text.clip(variant, widths[_VARIANT] - len(after_variant))
        base = text.base(base, widths[_BASE] - len(after_base))
        user = text.clip(user, widths[_USER])
        check = text.clip(check, widths[_CHECK])
    return [
        variant + after_variant,
        base + after_base,
        text.size(row.size),
        text.ratio(row),
        text.percent(row),
        text.number(row.layers),
        user,
        text.seconds(row.first_answer),
        check,
    ]


def _widths(rows: tuple[Row, ...]) -> list[int]:
    """How wide each column may be. Names give way in the order of `_LEAST`, then the widest of them, until all fits."""
    cells = [_cells(row, None) for row in rows]
    widths = [max(text.width(line[at]) for line in [*_HEADERS, *cells]) for at in range(len(_ALIGN))]
    over = sum(widths) + _GAP * (len(widths) - 1) - WIDTH
    for column, least in _LEAST.items():
        give = max(0, min(over, widths[column] - least))
        widths[column] -= give
        over -= give
    while over > 0:
        widest = max(_LEAST, key=lambda column: widths[column])
        if widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
        over -= 1
    return widths


def _wrap(line: str, indent: str) -> list[str]:
    """`line` in pieces of at most WIDTH columns, cut between words where that can be done."""
    if not line:
        return []
    if text.width(line) == len(line):
        import textwrap

        return textwrap.wrap(line, WIDTH, subsequent_indent=indent, break_on_hyphens=False)
    lines, current = [], ""
    for char in line:
        if text.width(current + char) > WIDTH:
            cut = current.rfind(" ", len(indent) + 1)
            keep, rest = (current[:cut], current[cut + 1 :]) if cut > 0 else (current, "")
            lines.append(keep)
            current = indent + rest
        current += char
    return [*lines, current]
