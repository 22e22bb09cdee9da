"""What an image said, made fit to show: strangers' text never reaches a terminal as it came."""

from __future__ import annotations

from tareweight.catalog import Expect
from tareweight.errors import one_line

LINE = 240
SHORT = 60



def said(text: str) -> str:
    """`: ` and the end of what was said, or nothing where nothing was."""
    line = one_line(text, LINE)
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
