"""Comma-separated values: bytes and seconds, nothing rounded, nothing shortened, one line of the sheet a target."""

from __future__ import annotations

import csv
import io

from tareweight.compare import Comparison

COLUMNS = (
    "app", "variant", "baseline", "image", "image_id", "base", "base_source", "stand_in", "size_bytes", "ratio",
    "percent_smaller", "smallest", "layers", "user", "first_answer_seconds", "check", "check_ok", "reason", "state",
)  # fmt: skip
_ABOUT = ("engine", "store", "tareweight")
_FIELDS = {"size_bytes": "size", "percent_smaller": "percent", "first_answer_seconds": "first_answer"}


def render(comparison: Comparison) -> str:
    """A header and the rows; engine, store and version stand in every row, so that sheets can be joined."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS + _ABOUT)
    about = [comparison.engine, comparison.store, comparison.tareweight]
    for row in comparison.rows:
        writer.writerow([_cell(getattr(row, _FIELDS.get(column, column))) for column in COLUMNS] + about)
    return out.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
