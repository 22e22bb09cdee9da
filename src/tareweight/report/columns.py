"""The columns of the comparison, in the table and in Markdown alike: what stands in each, and how it gives way where room is short."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tareweight.compare import Row
from tareweight.report import text


class Column(NamedTuple):
    """`header` has two lines. `least` is the width down to which the column may be shortened; None where it may not."""

    header: tuple[str, str]
    align: str
    cell: Callable[[Row], str]
    least: int | None = None
    shorten: Callable[[str, int], str] = text.clip
    tail: Callable[[Row], str] = lambda _row: ""
    """What follows the cell and is never shortened."""

    @property
    def name(self) -> str:
        """The header in one line."""
        return " ".join(part for part in self.header if part).replace("- ", "")


def _marks(row: Row) -> str:
    return f" {text.marks(row)}" if text.marks(row) else ""


def _source(row: Row) -> str:
    return f" ({text.letter(row)})" if text.letter(row) else ""


def _waste(row: Row) -> str:
    return text.size(row.weight.waste if row.weight else None)


VARIANT = Column(("", "variant"), "left", lambda row: row.variant, 13, tail=_marks)
BASE = Column(("", "base"), "left", lambda row: row.base or text.NONE, 15, text.base, _source)
SIZE = Column(("", "size"), "right", lambda row: text.size(row.size))
RATIO = Column(("", "vs baseline"), "right", text.ratio)
CHANGE = Column(("", "change"), "right", text.percent)
DOWNLOAD = Column(("down-", "load"), "right", lambda row: text.size(row.download))
PACKAGES = Column(("pack-", "ages"), "right", lambda row: text.number(len(row.weight.scan.packages) if row.weight else None))
SURFACE = Column(("", "surface"), "left", text.surface)
LOCKED = Column(("locked", "down"), "left", lambda row: row.locked or text.NONE, 6)
CHECK = Column(("", "check"), "left", text.check, 8)
FILES = Column(("", "files"), "right", lambda row: text.number(row.weight.scan.files if row.weight else None))
WASTE = Column(("", "waste"), "right", _waste)
TARE = Column(("", "tare"), "right", lambda row: text.size(row.tare))
CARGO = Column(("", "cargo"), "right", lambda row: text.size(row.cargo))
UNIQUE_IN_APP = Column(("unique", "in app"), "right", lambda row: text.size(row.unique_in_app))
UNIQUE = Column(("unique", "of all"), "right", lambda row: text.size(row.unique))
LAYERS = Column(("", "layers"), "right", lambda row: text.number(row.layers))
USER = Column(("", "user"), "left", lambda row: row.user or text.NONE, 7)
ANSWER = Column(("first", "answer"), "right", lambda row: text.seconds(row.first_answer))

DEFAULT = (VARIANT, BASE, SIZE, RATIO, DOWNLOAD, PACKAGES, SURFACE, LOCKED, CHECK)
WIDE = (
    VARIANT, BASE, SIZE, RATIO, CHANGE, DOWNLOAD, FILES, PACKAGES, LAYERS, WASTE, TARE, CARGO, UNIQUE_IN_APP, UNIQUE,
    SURFACE, USER, LOCKED, ANSWER, CHECK,
)  # fmt: skip
