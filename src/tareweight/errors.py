"""The errors that a user can meet.

Each says in one line what is wrong, where, and what to do; `exit_code` is what the command ends with.
The codes are few: 1 a target failed, 2 bad input, 3 no usable engine, 4 over budget, 130 interrupted (`docs/exit-codes.md`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)", re.DOTALL)


def clean(text: str) -> str:
    """`text` without anything that moves a cursor or changes a colour; its lines stay. What builds and images print is a stranger's."""
    return "\n".join(_printable(line, "") for line in text.replace("\t", "    ").split("\n"))


def one_line(text: str, limit: int | None = None) -> str:
    """`clean` in one line, safe to print anywhere. Only the end is kept where it is longer than `limit` characters."""
    plain = " ".join(_printable(text, " ").split())
    return plain if limit is None or len(plain) <= limit else "..." + plain[-limit:]


def _printable(text: str, blank: str) -> str:
    """`text` with `blank` for each control character; escapes and what changes the direction of writing are left out."""
    if text.isprintable():
        return text
    import unicodedata

    instead = {"Cc": blank, "Zl": blank, "Zp": blank, "Cf": "", "Cs": "\N{REPLACEMENT CHARACTER}"}
    return "".join(instead.get(unicodedata.category(char), char) for char in _ESCAPE.sub("", text))


class TareError(Exception):
    """Base of every error that is told to the user as one line rather than as a traceback.

    `what` names the fault and where it lies; `hint`, when given, is what to do about it.
    """

    exit_code = 1

    def __init__(self, what: str, *, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}. {self.hint}" if self.hint else self.what


class BadInput(TareError):
    """Something that the user wrote can't be used: a file, a key, an option, a name."""

    exit_code = 2


class EngineError(TareError):
    """There is no Docker Engine that can be used, or it went away."""

    exit_code = 3


class OverBudget(TareError):
    """An image has more than app.toml allows, or a limit there can't be judged."""

    exit_code = 4


class BaseUnavailable(TareError):
    """A base image can be had neither from a registry nor from Debian packages; fails its targets only."""


class Interrupted(TareError):
    """The user pressed Ctrl-C."""

    exit_code = 130


def nearest(word: str, known: Iterable[str]) -> str:
    """A phrase for the end of "unknown X": the nearest known name, or all of them when none is near."""
    import difflib

    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Known: {', '.join(names)}" if names else "There are none"
