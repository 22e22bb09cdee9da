"""Rows -> text. Every function here returns a str; only the console prints."""

from __future__ import annotations

from collections.abc import Sequence

from tareweight.compare import Comparison
from tareweight.errors import BadInput, nearest, one_line

FORMATS = ("table", "markdown", "csv", "json")


def render(comparison: Comparison, format: str, *, wide: bool = False) -> str:
    """`comparison` as `format` (csv and json always have everything), ending in a newline. `BadInput` for a format that doesn't exist."""
    known(format)
    if format == "table":
        from tareweight.report import table

        return table.render(comparison, wide=wide)
    if format == "markdown":
        from tareweight.report import markdown

        return markdown.render(comparison, wide=wide)
    if format == "csv":
        from tareweight.report import csv

        return csv.render(comparison)
    from tareweight.report import json

    return json.render(comparison)


def known(format: str, formats: Sequence[str] = FORMATS) -> None:
    """`BadInput` for a format that doesn't exist, so that it can be refused before any work is done."""
    if format not in formats:
        raise BadInput(f"--format: unknown format '{one_line(format)}'", hint=nearest(format, formats))
