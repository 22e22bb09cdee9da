"""`[[check]]` tables -> what an image must do when it runs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tareweight.tomlfile import Table


@dataclass(frozen=True)
class Expect:
    """What a text must be. Exactly one of the three kinds: `exact`, `contains`, `pattern` (a regular expression, searched, ^ and $ at lines)."""

    kind: str
    text: str

    def holds(self, found: str) -> bool:
        """Whether `found` is as expected."""
        if self.kind == "exact":
            return found == self.text
        if self.kind == "contains":
            return self.text in found
        return re.search(self.text, found, re.MULTILINE) is not None

    def __str__(self) -> str:
        return {"exact": "", "contains": "something with ", "pattern": "a match of "}[self.kind] + repr(self.text)


@dataclass(frozen=True)
class Http:
    """One exchange with an HTTP app: what to ask and what must come back."""

    path: str
    method: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: str | None
    status: int
    headers: tuple[tuple[str, Expect], ...]
    body: Expect | None


@dataclass(frozen=True)
class Check:
    """One check of an app. `http` is None for a command line; `timeout` is in seconds."""

    name: str
    timeout: float
    args: tuple[str, ...] = ()
    stdin: str | None = None
    exit: int = 0
    stdout: Expect | None = None
    stderr: Expect | None = None
    http: Http | None = None


LONGEST = 86_400
"""Seconds that a check may have: a day."""


def parse(tables: list[Table]) -> tuple[Check, ...]:
    """The checks of one app.toml, in its order. A check that could not fail is refused."""
    checks: list[Check] = []
    for table in tables:
        name = table.string("name")
        if any(check.name == name for check in checks):
            table.fail("name", f"a second check named '{name}'", "Give each check a name of its own")
        checks.append(_http(table, name) if "path" in table else _command(table, name))
        table.close()
    return tuple(checks)


def _command(table: Table, name: str) -> Check:
    return Check(
        name=name,
        timeout=table.number("timeout", 10, high=LONGEST),
        args=table.strings("args"),
        stdin=table.string("stdin", None, nul=True),
        exit=table.integer("exit", 0, high=255),
        stdout=_expect(table, "stdout"),
        stderr=_expect(table, "stderr"),
    )


def _http(table: Table, name: str) -> Check:
    path = table.string("path")
    if not path.startswith("/"):
        table.fail("path", f"'{path}' doesn't begin with /")
    wanted = table.table("headers")
    http = Http(
        path=path,
        method=table.string("method", "GET"),
        request_headers=tuple(table.mapping("request_headers").items()),
        request_body=table.string("request_body", None, nul=True),
        status=table.integer("status", 200, low=100, high=599),
        headers=tuple((key, found) for key in wanted.data if (found := _expect(wanted, key))),
        body=_expect(table, "body"),
    )
    return Check(name=name, timeout=table.number("timeout", 10, high=LONGEST), http=http)


def _expect(table: Table, key: str) -> Expect | None:
    value = table.raw(key)
    if value is None:
        return None
    if isinstance(value, str):
        return Expect("exact", value)
    if isinstance(value, dict) and len(value) == 1:
        (kind, text), *_ = value.items()
        if kind in {"exact", "contains", "pattern"} and isinstance(text, str):
            if kind == "pattern":
                try:
                    re.compile(text)
                except re.error as error:
                    table.fail(key, f"'{text}' is not a regular expression: {error}")
            return Expect(kind, text)
    return table.fail(key, "should be a string, or one of { exact = ... }, { contains = ... }, { pattern = ... }")
