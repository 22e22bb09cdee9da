"""What an image said, made fit to show: strangers' text never reaches a terminal as it came."""

from __future__ import annotations

import re

from tareweight.catalog import Expect

LINE = 240
SHORT = 60
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")


def one_line(text: str, limit: int = LINE) -> str:
    """`text` in one line without control characters, its end kept where it is longer than `limit`."""
    plain = _ESCAPES.sub("", text)
    plain = " ".join("".join(char if char.isprintable() else " " for char in plain).split())
    return plain if len(plain) <= limit else "..." + plain[-limit:]


def said(text: str) -> str:
    """`: ` and the end of what was said, or nothing where nothing was."""
    line = one_line(text)
    return f": {line}" if line else ""


def mismatch(what: str, found: str, wanted: Expect) -> str:
    """`what` is A, wanted B; long equal beginnings are passed over."""
    if wanted.kind != "exact":
        return f"{what} is {_quoted(found)}, wanted {_cut(str(wanted))}"
    start = next((at for at, (a, b) in enumerate(zip(found, wanted.text, strict=False)) if a != b), min(len(found), len(wanted.text)))
    if start <= SHORT // 2:
        return f"{what} is {_quoted(found)}, wanted {_quoted(wanted.text)}"
    start -= 10
    return f"{what} from character {start} on is {_quoted(found[start:])}, wanted {_quoted(wanted.text[start:])}"


def _quoted(text: str) -> str:
    return repr(text) if len(text) <= SHORT else f"{text[:SHORT]!r}..."


def _cut(text: str) -> str:
    return text if len(text) <= 2 * SHORT else text[: 2 * SHORT] + "..."
