"""Secrets in texts of an image's configuration and history: found by their form or by the name that they are given to, and masked."""

from __future__ import annotations

import re
from functools import partial
from typing import NamedTuple

from tareweight.scale.scan import secrets

MASK = "***"
MOST_TEXT = 20_000
"""Characters of a text that are looked at and kept: a stranger's can be of any length."""
BY_NAME = "secret by its name"
"""The kind of what no known form tells: a variable such as DB_PASSWORD with a value."""
IN_ADDRESS = "password in an address"

_WORD = r"PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|SECRET_?KEY|PRIVATE_?KEY|CREDENTIALS?"
_NAME = rf"\w*(?:{_WORD})S?(?:_(?!(?:FILE|PATH|DIR|URL|URI|HOST|TTL|TYPE|NAME|POLICY|ALGORITHM|EXPIR\w*|M(?:IN|AX)\w*|LEN\w*)\b)\w+)?"
_SECRET_NAME = re.compile(_NAME, re.IGNORECASE | re.ASCII)
_NO_SECRET = re.compile(r"|\$.*|true|false|yes|no|on|off|none|null|\*+|<.*>", re.IGNORECASE | re.DOTALL)
"""Values that say nothing: empty, another variable's, a switch, a placeholder."""
_QUOTED = r"\"[^\"]*\"|'[^']*'"
_GIVEN = re.compile(rf"\b(?P<name>{_NAME})=(?P<value>{_QUOTED}|[^\s\"';&|)]*)", re.IGNORECASE | re.ASCII)
"""In a command; in a list of variables a value goes on to the next name, quotes or not."""
_LISTED = re.compile(rf"\b(?P<name>{_NAME})=(?P<value>.*?)(?=\s+\w+=|\s*$|\s+/bin/\w+ -c )", re.IGNORECASE | re.ASCII | re.DOTALL)
_OPTION = re.compile(rf"(?<![\w-])--(?P<name>{_WORD.lower().replace('_?', '-?')})(?:=|\s+)(?P<value>{_QUOTED}|[^\s\"';&|)-][^\s\"';&|)]*)")
_ADDRESS = re.compile(r"://[^/\s:@]*:(?P<value>[^/\s@:]+)(?=@)")
_FORMS = [(kind, re.compile(form)) for kind, form in secrets.TOKENS.items()]


class Masked(NamedTuple):
    """A text without its secrets; `found` has the kind of each, and the variable or option where its name told it (else empty)."""

    text: str
    found: tuple[tuple[str, str], ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds, each once."""
        return tuple(dict.fromkeys(kind for kind, _ in self.found))


def mask(text: str, *, listed: bool = False) -> Masked:
    """`text` with `MASK` for every secret. `listed` is for lists of variables (ENV, ARG), whose values aren't quoted."""
    found: dict[tuple[str, str], None] = {}
    text = text[:MOST_TEXT]
    for kind, form in _FORMS:
        text, count = form.subn(MASK, text)
        if count:
            found[kind, ""] = None
    for kind, pattern in ((IN_ADDRESS, _ADDRESS), (BY_NAME, _LISTED if listed else _GIVEN), (BY_NAME, _OPTION)):
        text = pattern.sub(partial(_put, kind=kind, found=found), text)
    return Masked(text, tuple(found))


def mask_value(name: str, value: str) -> Masked:
    """A variable's value without its secrets; all of it is one where the name says so."""
    if _SECRET_NAME.fullmatch(name) and not _NO_SECRET.fullmatch(value):
        return Masked(MASK, ((secrets.token_kind(value) or BY_NAME, name),))
    return mask(value)


def _put(match: re.Match[str], kind: str, found: dict[tuple[str, str], None]) -> str:
    value = match["value"]
    if _NO_SECRET.fullmatch(value.strip("\"'")):
        return match[0]
    found[kind, match.groupdict().get("name") or ""] = None
    start = match.start("value") - match.start()
    return match[0][:start] + MASK + match[0][start + len(value) :]
