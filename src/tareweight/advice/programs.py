"""Symbols and debugging data that the app's own programs run without."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tareweight.advice.case import Advice, Case, listed

_FOREIGN = re.compile(r"deb:|apk:|pypi:|npm:|generic:|maven:")
_GO = re.compile(r"\bgo (?:build|install)\b")
_LINKER = re.compile(r"-ldflags[= ](?:\"[^\"]*\"|'[^']*'|\S+)")
_C = re.compile(r"\b(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+)\b")


def strip(case: Case) -> Iterator[Advice]:
    """Programs that the app's build made; interpreters and libraries that came as they are stay so."""
    there = {one.path: one.bytes for one in case.weight.scan.unstripped}
    rows = [row for path, row in case.own.items() if path in there and not _FOREIGN.match(row.owner) and row.place in {"app", "unowned"}]
    saves = sum(there[row.path] for row in rows)
    if saves < case.worth:
        return
    go = all(row.owner.startswith("golang:") for row in rows)
    builders = [one for one in case.instructions if one.name == "RUN" and (_GO if go else _C).search(one.text)]
    where = f"Dockerfile:{builders[-1].line}: " if builders else ""
    if go:
        told = _LINKER.search(builders[-1].text) if builders else None
        how = f'{where}go build -ldflags="-s -w{" ..., with the flags that it has" if told else ""}"'
    else:
        how = f"{where}link with -s, or `strip` it in the RUN that builds it (not in a later one)"
    what = f"symbols and debugging data in {listed([row.path for row in rows])}"
    yield Advice("strip", saves, "about", what, (how,), line=builders[-1].line if builders else None)
