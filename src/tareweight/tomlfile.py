"""Reading the user's TOML files strictly: every fault is named with its file, key and line."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from tareweight.errors import BadInput, nearest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_MISSING: Any = object()


def load(path: Path) -> Table:
    """The file's top table. `BadInput` where it can't be read or isn't TOML."""
    if path.exists() and not path.is_file() and not path.is_dir():
        # A pipe or a device would be waited for, or never end.
        raise BadInput(f"{path}: not a regular file")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8 text", hint="Save it as UTF-8") from error
    try:
        data = tomllib.loads(text)
    except ValueError as error:  # a TOMLDecodeError, or a number too long for int()
        raise BadInput(f"{path}: not TOML: {error}", hint="Mend the line") from error
    return Table(data, path, text)


class Table:
    """One TOML table that is taken apart key by key; `close` refuses the keys that nobody took."""

    def __init__(self, data: dict[str, Any], file: Path, text: str, keys: tuple[str, ...] = (), start: Callable[[], int] = int) -> None:
        """`start` tells the 0-based line at which the table begins; only faults ask for it, and finding it takes longer than reading the table."""
        self.data = data
        self.file = file
        self.keys = keys
        self._text = text
        self._start = start
        self._taken: set[str] = set()
        self._asked: set[str] = set()

    def __contains__(self, key: str) -> bool:
        self._asked.add(key)
        return key in self.data

    def fail(self, key: str, what: str, hint: str | None = None) -> NoReturn:
        """Raise `BadInput` that points at `key` of this table."""
        raise BadInput(f"{self.file}:{self._line(key)}: {'.'.join((*self.keys, key))}: {what}", hint=hint)

    def _take(self, key: str, default: Any, kind: type | tuple[type, ...], wanted: str) -> Any:
        self._taken.add(key)
        self._asked.add(key)
        value = self.data.get(key, _MISSING)
        if value is _MISSING:
            if default is _MISSING:
                self.fail(key, "missing", f"Add {key} = {wanted}")
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind not in (bool, object)):
            self.fail(key, f"should be {wanted}, not {_named(value)}")
        return value

    def string(self, key: str, default: Any = _MISSING, *, nul: bool = False) -> Any:
        """A string, or `default`; with `nul` it may hold that character."""
        value = self._take(key, default, str, "a string")
        if not nul:
            self._no_nul(key, value)
        return value

    def integer(self, key: str, default: Any = _MISSING, *, low: int = 0, high: int | None = None) -> Any:
        """A whole number between `low` and `high`, or `default`."""
        value = self._take(key, default, int, "a whole number")
        if isinstance(value, int) and key in self.data and (value < low or (high is not None and value > high)):
            self.fail(key, f"{value} is out of range", f"Give {low} to {high}" if high is not None else f"Give {low} or more")
        return value

    def number(self, key: str, default: float, high: float = math.inf) -> float:
        """A positive number, `high` at most."""
        value = self._take(key, default, (int, float), "a number")
        if not 0 < value < math.inf:
            self.fail(key, f"{value} is not a number more than 0")
        if value > high:
            self.fail(key, f"{value} is out of range", f"Give {high:g} or less")
        return float(value)

    def boolean(self, key: str, default: Any = _MISSING) -> Any:
        """true or false, or `default`."""
        return self._take(key, default, bool, "true or false")

    def strings(self, key: str) -> tuple[str, ...]:
        """A list of strings; empty where the key is missing."""
        values = self._take(key, [], list, "a list of strings")
        for value in values:
            if not isinstance(value, str):
                self.fail(key, f"should be a list of strings, but holds {_named(value)}")
            self._no_nul(key, value)
        return tuple(values)

    def mapping(self, key: str) -> dict[str, str]:
        """A table of strings; empty where the key is missing."""
        values = self._take(key, {}, dict, "a table of strings")
        for name, value in values.items():
            if not isinstance(value, str):
                self.fail(key, f"{name} should be a string, not {_named(value)}")
            self._no_nul(key, name + value)
        return dict(values)

    def _no_nul(self, key: str, value: str | None) -> None:
        """Most of what is read goes to programs as an argument or a variable, which can't hold one."""
        if value and "\0" in value:
            self.fail(key, "holds a NUL character", "Leave it out")

    def raw(self, key: str) -> Any:
        """Whatever stands there, or None: the caller judges it."""
        return self._take(key, None, object, "a value")

    def table(self, key: str) -> Table:
        """A table within; an empty one where the key is missing."""
        data = self._take(key, {}, dict, "a table")
        return Table(data, self.file, self._text, (*self.keys, key), partial(self._start_of, key))

    def tables(self, key: str) -> list[Table]:
        """The entries of a `[[key]]` array of tables."""
        values = self._take(key, [], list, f"[[{key}]] tables")
        starts = [n for n, line in enumerate(self._text.splitlines()) if line.strip().startswith(f"[[{'.'.join((*self.keys, key))}]]")]
        found = []
        for index, value in enumerate(values):
            if not isinstance(value, dict):
                self.fail(key, f"should be [[{key}]] tables, but holds {_named(value)}")
            start = starts[index] if index < len(starts) else 0
            found.append(Table(value, self.file, self._text, (*self.keys, f"{key}[{index + 1}]"), partial(int, start)))
        return found

    def close(self) -> None:
        """Refuse the keys that nothing asked for: a typing error must not pass in silence."""
        for key in self.data:
            if key not in self._taken:
                self.fail(key, "unknown key", nearest(key, self._asked))

    def _start_of(self, key: str) -> int:
        return self._line(key) - 1 if key in self.data else 0

    def _line(self, key: str) -> int:
        """The 1-based line of `key`, found in the text: tomllib keeps no positions. The table's own line when it isn't there."""
        lines = self._text.splitlines()
        wanted = re.compile(rf'\s*(\[\[?\s*([\w."-]+\.)?)?["\']?{re.escape(key)}["\']?\s*[=.\]]')
        start = self._start()
        for number in range(start, len(lines) if key in self.data else 0):
            if wanted.match(lines[number]):
                return number + 1
        return start + 1


def _named(value: object) -> str:
    names = {str: "a string", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return names.get(type(value), type(value).__name__)
