"""Debian packages that are there only because another one recommends them.

apt notes in extended_states what it installed unasked. Of those, the ones that nothing needs by Depends or Pre-Depends, and that
something recommends, `apt-get install --no-install-recommends` would not have brought. What only a package needed that is gone by now
isn't meant: that would have come all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from .tree import Tree

_STATUS = "var/lib/dpkg/status"
_STATES = "var/lib/apt/extended_states"
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")


def only_recommended(tree: Tree) -> list[str]:
    """Names of packages, sorted; empty where apt keeps no such notes."""
    automatic = {told["package"] for told in _paragraphs(tree, _STATES) if told.get("auto-installed") == "1" and "package" in told}
    if not automatic:
        return []
    needs: dict[str, set[str]] = {}
    recommends: dict[str, set[str]] = {}
    providers: dict[str, set[str]] = {}
    for told in _paragraphs(tree, _STATUS):
        name = told.get("package", "")
        if not name or "installed" not in told.get("status", "").split():
            continue
        needs[name] = {one for key in ("depends", "pre-depends") for one in _names(told.get(key, ""))}
        recommends[name] = needs[name].union(_names(told.get("recommends", "")))
        for virtual in (name, *_names(told.get("provides", ""))):
            providers.setdefault(virtual, set()).add(name)
    asked = needs.keys() - automatic
    return sorted(_reached(asked, recommends, providers) - _reached(asked, needs, providers))


def _reached(asked: Iterable[str], wants: Mapping[str, set[str]], providers: Mapping[str, set[str]]) -> set[str]:
    """The packages `asked`, and all that they want in turn."""
    waiting = list(asked)
    found = set(waiting)
    while waiting:
        for virtual in wants[waiting.pop()]:
            new = providers.get(virtual, set()) - found
            found |= new
            waiting += new
    return found


def _paragraphs(tree: Tree, path: str) -> Iterator[dict[str, str]]:
    """The fields of each paragraph, names in lower case; continuation lines are no matter here."""
    told: dict[str, str] = {}
    for line in tree.read(path).decode("utf-8", "replace").split("\n"):
        if not line.strip():
            if told:
                yield told
            told = {}
        elif not line.startswith((" ", "\t")):
            key, _, value = line.partition(":")
            told[key.strip().lower()] = value.strip()
    if told:
        yield told


def _names(field: str) -> Iterator[str]:
    """The packages of a dependency field; every alternative counts as needed, since any of them may be what was chosen."""
    for piece in re.split(r"[,|]", field):
        if found := _NAME.match(piece.strip()):
            yield found[0]
