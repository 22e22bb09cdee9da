"""Comma-separated values: bytes and seconds, nothing rounded, nothing shortened, one line of the sheet a target."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from tareweight.compare import Comparison, Row

COLUMNS: dict[str, Callable[[Row], object]] = {
    "app": lambda row: row.app,
    "variant": lambda row: row.variant,
    "baseline": lambda row: row.baseline,
    "image": lambda row: row.image,
    "image_id": lambda row: row.image_id,
    "base": lambda row: row.base,
    "base_source": lambda row: row.base_source,
    "stand_in": lambda row: row.stand_in,
    "size_bytes": lambda row: row.size,
    "ratio": lambda row: row.ratio,
    "percent_smaller": lambda row: row.percent,
    "smallest": lambda row: row.smallest,
    "download_bytes": lambda row: row.download,
    "since_bytes": lambda row: row.since and row.since.size,
    "files": lambda row: row.weight and row.weight.scan.files,
    "packages": lambda row: row.weight and len(row.weight.scan.packages),
    "layers": lambda row: row.layers,
    "waste_bytes": lambda row: row.weight and row.weight.waste,
    "tare_bytes": lambda row: row.tare,
    "cargo_bytes": lambda row: row.cargo,
    "unique_in_app_bytes": lambda row: row.unique_in_app,
    "unique_bytes": lambda row: row.unique,
    "surface": lambda row: row.weight and " ".join(row.weight.traits),
    "user": lambda row: row.user,
    "locked": lambda row: row.locked,
    "first_answer_seconds": lambda row: row.first_answer,
    "check": lambda row: row.check,
    "check_ok": lambda row: row.check_ok,
    "reason": lambda row: row.reason,
    "state": lambda row: row.state,
}
_ABOUT = ("engine", "store", "tareweight")


def render(comparison: Comparison) -> str:
    """A header and the rows; engine, store and version stand in every row, so that sheets can be joined."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*COLUMNS, *_ABOUT])
    about = [comparison.engine, comparison.store, comparison.tareweight]
    for row in comparison.rows:
        writer.writerow([*(_cell(value(row)) for value in COLUMNS.values()), *about])
    return out.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
