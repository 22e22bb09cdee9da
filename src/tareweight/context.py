"""A build context -> one hash of all that `.dockerignore` lets through, kept fast by a stat cache as git's index is.

What counts for each entry: its path, its kind, its permission bits, and the bytes of a file or the target of a link.
Times, owners and inode numbers don't: BuildKit leaves them out of its own cache key too.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import time
from pathlib import Path
from typing import Any

from tareweight import store
from tareweight.errors import BadInput
from tareweight.settings import BASELINE

_VERSION = 3
_RACY = 2_000_000_000
"""Nanoseconds. A time stamp younger than this at its reading proves nothing: a later change could carry the same one."""


class StatCache:
    """The remembered hashes of one project, `.tare/contexts.json`; missing or corrupt means only slower."""

    def __init__(self, tare: Path) -> None:
        self._tare = tare
        self._file = tare / "contexts.json"
        kept = store.read(self._file)
        good = isinstance(kept, dict) and kept.get("version") == _VERSION and isinstance(kept.get("contexts"), dict)
        self._contexts: dict[str, Any] = kept["contexts"] if good else {}
        self._changed = False

    def context(self, folder: Path, ignore: Path | None) -> str:
        """The hash (sha256, hex) of a context under the ignore file that BuildKit would use (None: nothing is ignored)."""
        key = f"{folder}|{ignore or ''}"
        kept = self._contexts.get(key)
        try:
            if kept and _same(folder, ignore, kept):
                return str(kept["hash"])
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            kept = None
        try:
            entry = _scan(folder, ignore, kept, self._tare)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            entry = _scan(folder, ignore, None, self._tare)
        self._contexts[key] = entry
        self._changed = True
        return str(entry["hash"])

    def save(self) -> None:
        """Write what was learned, whole or not at all."""
        if self._changed:
            store.write(self._file, {"version": _VERSION, "contexts": self._contexts})
            self._changed = False


def ignore_file(context: Path, dockerfile: Path) -> Path | None:
    """The ignore file that BuildKit reads: `<Dockerfile>.dockerignore` beside the Dockerfile, else the context's own."""
    for file in (dockerfile.with_name(dockerfile.name + ".dockerignore"), context / ".dockerignore"):
        if file.is_file():
            return file
    return None


def sent(folder: Path, ignore: Path | None) -> dict[str, int]:
    """The regular files that a build is sent, by their path in the context, with their bytes; what goes away meanwhile is left out."""
    found = {}
    for name in _paths(folder, ignore):
        with contextlib.suppress(OSError):
            told = (folder / name).lstat()
            if stat.S_ISREG(told.st_mode):
                found[name] = told.st_size
    return found


def _stamp(found: os.stat_result) -> list[int]:
    return [found.st_size, found.st_mtime_ns, found.st_ino, found.st_mode, found.st_ctime_ns]


def _same(folder: Path, ignore: Path | None, kept: dict[str, Any]) -> bool:
    """Whether nothing that the kept hash stands on has changed: the ignore file, each folder walked, each file."""
    if kept["exceptions"]:
        return False
    taken = kept["taken"]
    if (_stamp(ignore.stat()) if ignore else None) != kept["ignore"]:
        return False
    top = str(folder)  # joining paths costs more than asking for their stamps
    for name, stamp in kept["entries"].items():
        try:
            now = os.lstat(f"{top}/{name}" if name else top)
        except OSError:
            return False
        if _stamp(now) != stamp[0] or now.st_ctime_ns > taken - _RACY:
            return False
    return True


def _scan(folder: Path, ignore: Path | None, kept: dict[str, Any] | None, tare: Path) -> dict[str, Any]:
    own = [str(path.relative_to(folder)) for path in _ours(tare) if path.is_relative_to(folder)]
    taken = time.time_ns()
    before = kept["entries"] if kept else {}
    fresh_after = kept["taken"] - _RACY if kept else 0
    digest = hashlib.sha256()
    entries: dict[str, Any] = {"": [_stamp(folder.lstat()), ""]}
    for name in _paths(folder, ignore):
        if own and any(name == path or name.startswith(f"{path}/") for path in own):
            continue
        path = folder / name
        try:
            found = path.lstat()
        except OSError as error:
            raise BadInput(f"{path}: {error.strerror}") from error
        stamp = _stamp(found)
        old = before.get(name)
        content = old[1] if old and old[0] == stamp and found.st_ctime_ns < fresh_after else _content(path, found)
        entries[name] = [stamp, content]
        digest.update(f"{name}\0{stat.S_IFMT(found.st_mode):o} {stat.S_IMODE(found.st_mode):o}\0{content}\n".encode(errors="surrogateescape"))
    # With `!` patterns a file may be let through from a folder that isn't, whose stamp nobody keeps: look anew each time.
    exceptions = ignore is not None and "!" in _text(ignore)
    return {
        "hash": digest.hexdigest(),
        "taken": taken,
        "exceptions": exceptions,
        "ignore": _stamp(ignore.stat()) if ignore else None,
        "entries": entries,
    }


def _ours(tare: Path) -> tuple[Path, Path]:
    """What this tool itself writes into a project: where a context is the project's root, its logs and baseline must not make images stale."""
    return tare, tare.with_name(BASELINE)


def _text(ignore: Path) -> str:
    return ignore.read_text(encoding="utf-8-sig", errors="surrogateescape")


def _content(path: Path, found: os.stat_result) -> str:
    if stat.S_ISLNK(found.st_mode):
        return "-> " + os.fsencode(path.readlink()).hex()
    if not stat.S_ISREG(found.st_mode):
        return ""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}", hint="Make it readable, or name it in .dockerignore") from error
    return digest.hexdigest()


def _paths(folder: Path, ignore: Path | None) -> list[str]:
    """Every entry that is sent, relative, sorted; folders too, since their modes and their being there count."""
    if ignore is None:
        return sorted(_walk(folder))
    found: set[str] = set()
    _sent(folder, "", _patterns(_text(ignore)), (), found)
    return sorted(found)


_Pattern = tuple[bool, "re.Pattern[str]"]


def _patterns(text: str) -> list[_Pattern]:
    """The patterns of an ignore file in order, each with whether it is an exception, by the rules of moby/patternmatcher.

    Not the SDK's `exclude_paths`: with `*` and then `!**/main.go` it leaves out files that BuildKit sends.
    """
    found: list[_Pattern] = []
    for line in text.split("\n"):
        word = "" if line.startswith("#") else line.strip()
        exception = word.startswith("!")
        word = word[exception:].strip()
        if word:
            clean = os.path.normpath(word).lstrip("/")
            with contextlib.suppress(re.error):  # BuildKit refuses such a pattern, and the build then says so
                found.append((exception, re.compile(_expression(clean), re.DOTALL)))
    return found


def _expression(pattern: str) -> str:
    """A pattern as a regular expression for a whole path."""
    if pattern.startswith("**") and not set("*?[]\\") & set(pattern[2:]):
        ending = re.escape(pattern[2:])
        return f"(.*/)?{ending[1:]}" if ending.startswith("/") else f".*{ending}"
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if pattern.startswith("**", at - 1):
            at += 2 if pattern.startswith("/", at + 1) else 1
            parts.append("(.*/)?" if at < len(pattern) else ".*")
        elif char == "*":
            parts.append("[^/]*")
        elif char == "?":
            parts.append("[^/]")
        elif char == "\\" and at < len(pattern):
            parts.append(char + pattern[at])
            at += 1
        else:
            parts.append(char if char in "[]^-" else re.escape(char))
    return "".join(parts)


def _sent(folder: Path, inside: str, patterns: list[_Pattern], above: tuple[bool, ...], found: set[str]) -> bool:
    """Add what is sent of the folder `inside` to `found`, and say whether there was anything. `above` holds which patterns it matched itself."""
    some = False
    with os.scandir(folder / inside) as entries:
        for entry in entries:
            name = f"{inside}/{entry.name}" if inside else entry.name
            ignored = False
            matches: list[bool] = []
            for index, (exception, expression) in enumerate(patterns):
                match = bool(above and above[index])
                if not match and exception == ignored:
                    match = expression.fullmatch(name) is not None
                matches.append(match)
                if match:
                    ignored = not exception
            below = False
            if entry.is_dir(follow_symlinks=False) and not (ignored and not any(exception for exception, _ in patterns)):
                below = _sent(folder, name, patterns, tuple(matches), found)
            if below or not ignored:
                found.add(name)
                some = True
    return some


def _walk(folder: Path) -> list[str]:
    found: list[str] = []
    for top, folders, files in os.walk(folder):
        inside = os.path.relpath(top, folder)
        found += [name if inside == "." else f"{inside}/{name}" for name in (*folders, *files)]
    return found
