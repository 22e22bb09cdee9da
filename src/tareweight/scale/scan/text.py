"""A stranger's names as text that can be printed, put into JSON and told apart."""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


def shown(text: str) -> str:
    r"""`text` without anything unprintable: control characters and bytes that aren't UTF-8 as `\x1b`, direction marks as `\u202e`."""
    return text if text.isprintable() else _UNPRINTABLE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    one = found[0]
    if one.isprintable():
        return one
    number = ord(one)
    if 0xDC80 <= number <= 0xDCFF:
        number -= 0xDC00
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
