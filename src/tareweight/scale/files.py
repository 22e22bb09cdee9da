"""The table of all files of an image, which the scan writes beside its answer (scan/table.py says what is in it)."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any, NamedTuple

from tareweight.scale.weight import CLASSES, Corrupt

MOST_BYTES = 1 << 30
"""Unpacked; a million files with long paths take 300 MB."""
MOST_LINE = 1 << 20
_KINDS = frozenset("fhl")
_TYPES = [str, str, int, str, int, str, str, int, str]


class FileRow(NamedTuple):
    """One file or link. Its fields are the table's: only kind "f" has bytes, `place` is a key of `CLASSES`, empty for links."""

    path: str
    kind: str
    bytes: int
    mode: str
    uid: int
    owner: str
    place: str
    mtime: int
    target: str


def read(file: Path) -> dict[str, FileRow]:
    """The rows by path, in the table's order. `Corrupt` for a file that isn't there, isn't such a table, or is too large for one."""
    rows: dict[str, FileRow] = {}
    total = 0
    try:
        if not file.stat().st_size:
            raise Corrupt(f"{file}: empty")  # gzip takes it for a table without rows
        with gzip.open(file, "rb") as unpacked:
            while line := unpacked.readline(MOST_LINE):
                total += len(line)
                if total > MOST_BYTES:
                    raise Corrupt(f"{file}: larger than {MOST_BYTES} bytes")
                row = _row(json.loads(line))
                rows[row.path] = row
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        raise Corrupt(f"{file}: {error}") from error
    return rows


def _row(told: Any) -> FileRow:
    if not isinstance(told, list) or [type(one) for one in told] != _TYPES:
        raise Corrupt("not a row")
    row = FileRow(*told)
    if row.kind not in _KINDS or row.bytes < 0 or (row.place not in CLASSES and row.kind != "l"):
        raise Corrupt("not a row")
    return row
