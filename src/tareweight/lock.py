"""tareweight.lock.json: what every target weighed when the baseline was taken. A file of the project's, for its git history.

A package has a line of its own, and all is sorted, so that a diff reads as what changed (docs/lock.schema.json).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from tareweight import process, store
from tareweight.errors import BadInput, TareError, one_line
from tareweight.scale.weight import Weight
from tareweight.settings import BASELINE

VERSION = 1
_ANEW = f"Name a file that `invoke baseline` wrote; where {BASELINE} itself is spoilt, delete it and run that"


class Held(NamedTuple):
    """A package as the file keeps it. One that lies in several places is there as often."""

    type: str
    name: str
    version: str
    bytes: int


@dataclass(frozen=True)
class Entry:
    """What one target weighed, in bytes. `download` is None where it wasn't known; `traits` are words of `weight.TRAITS`; `packages` are sorted."""

    platform: str
    size: int
    download: int | None
    user: str
    traits: tuple[str, ...]
    classes: Mapping[str, int]
    packages: tuple[Held, ...]


class Change(NamedTuple):
    """What became of a package, copies of one name together: its versions, sorted, then and now, and the bytes that it gained."""

    type: str
    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    bytes: int

    @property
    def kind(self) -> Literal["added", "dropped", "changed"]:
        """What became of it, in a word."""
        return "changed" if self.before and self.after else "dropped" if self.before else "added"


@dataclass(frozen=True)
class Delta:
    """How a target changed since the baseline; negative where it shrank. `packages` begin with the most bytes.

    `download` is None where either isn't known. `classes` has those that changed. `gained` and `lost` are words of `weight.TRAITS`.
    """

    size: int
    download: int | None
    packages: tuple[Change, ...]
    classes: Mapping[str, int]
    gained: tuple[str, ...]
    lost: tuple[str, ...]

    @property
    def rest(self) -> int:
        """The part of `size` that is in files of no package."""
        return self.size - sum(change.bytes for change in self.packages)


def entry(weight: Weight, download: int | None) -> Entry:
    """What the file keeps of an image; `download` in bytes, None where it isn't known."""
    return Entry(
        platform=weight.platform,
        size=weight.size,
        download=download,
        user=weight.config.user,
        traits=weight.traits,
        classes=dict(weight.scan.classes),
        packages=tuple(sorted(Held(one.type, one.name, one.version, one.bytes) for one in weight.scan.packages)),
    )


def deltas(then: Entry, now: Entry) -> Delta:
    """What changed from `then` to `now`. Between two platforms nearly everything did: ask `platform` first."""
    changes = _changes(then.packages, now.packages)
    return Delta(
        size=now.size - then.size,
        download=None if now.download is None or then.download is None else now.download - then.download,
        packages=tuple(sorted(changes, key=lambda one: (-abs(one.bytes), one.type, one.name))),
        classes={
            name: change for name in {**then.classes, **now.classes} if (change := now.classes.get(name, 0) - then.classes.get(name, 0))
        },
        gained=tuple(word for word in now.traits if word not in then.traits),
        lost=tuple(word for word in then.traits if word not in now.traits),
    )


def _changes(then: Iterable[Held], now: Iterable[Held]) -> list[Change]:
    old, new = _by_name(then), _by_name(now)
    changed = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return [_change(name, old.get(name, []), new.get(name, [])) for name in changed]


def _change(name: tuple[str, str], old: list[Held], new: list[Held]) -> Change:
    gained = sum(one.bytes for one in new) - sum(one.bytes for one in old)
    return Change(*name, tuple(one.version for one in old), tuple(one.version for one in new), gained)


def _by_name(packages: Iterable[Held]) -> dict[tuple[str, str], list[Held]]:
    found: dict[tuple[str, str], list[Held]] = {}
    for one in sorted(packages):
        found.setdefault((one.type, one.name), []).append(one)
    return found


def write(file: Path, entries: Mapping[str, Entry], targets: Iterable[str]) -> None:
    """Write `entries`, by `<app>:<variant>`. Of the project's other `targets` the file keeps what it has; the rest is dropped.

    `BadInput` where what must be kept can't be read, `TareError` where the file can't be written.
    """
    others = set(targets) - entries.keys()
    known = read(file) if others and file.exists() else {}
    kept = {name: known[name] for name in others if name in known}
    try:
        store.write_text(file, dump({**kept, **entries}))
        file.chmod(0o644)  # the project's own and for everybody, unlike the caches
    except TareError as error:
        raise TareError(error.what, hint="Make room and rights for it") from error


def dump(entries: Mapping[str, Entry]) -> str:
    """The text of the file."""
    return _drawn({"version": VERSION, "targets": {name: _value(entries[name]) for name in sorted(entries)}}) + "\n"


def _value(one: Entry) -> dict[str, Any]:
    return {
        "platform": one.platform,
        "size": one.size,
        "download": one.download,
        "user": one.user,
        "surface": list(one.traits),
        "classes": dict(one.classes),
        "packages": [list(package) for package in one.packages],
    }


def _drawn(value: Any, margin: str = "") -> str:
    """JSON with a line for each key and each package."""
    inner = margin + " "
    if isinstance(value, dict) and value:
        lines = [f"{inner}{json.dumps(key)}: {_drawn(one, inner)}" for key, one in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{margin}}}"
    if isinstance(value, list) and any(isinstance(one, list) for one in value):
        return "[\n" + ",\n".join(inner + json.dumps(one) for one in value) + f"\n{margin}]"
    return json.dumps(value)


def of_project(root: Path) -> dict[str, Entry]:
    """The project's own baseline; empty where none was taken. `BadInput` where it can't be used."""
    file = root / BASELINE
    return read(file) if file.exists() else {}


def against(text: str, root: Path) -> dict[str, Entry]:
    """The baseline that `--against` names: a file, else a git revision of the project at `root`. `BadInput` where there is none."""
    return read(Path(text)) if _is_file(text) else read_revision(root, text)


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # longer than a name can be
        return False


def read(file: Path) -> dict[str, Entry]:
    """The entries of a file. `BadInput` that names the file, and the key where one is wrong."""
    if file.exists() and not file.is_file() and not file.is_dir():
        raise BadInput(f"{file}: not a regular file", hint=_ANEW)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise BadInput(f"{file}: there is no baseline", hint="Run `invoke baseline`, and commit the file") from error
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{file}: not UTF-8 text", hint=_ANEW) from error
    return parse(text, str(file), _ANEW)


def read_revision(root: Path, revision: str) -> dict[str, Entry]:
    """The entries that the project's baseline had at a git revision. `BadInput` where there is no such revision, or no baseline in it."""
    what = f"--against {revision}"
    if not revision or revision.startswith("-"):
        raise BadInput(f"{what}: neither a file nor a git revision")
    found = _git(what, root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if "not a git repository" in found.stderr:
        raise BadInput(f"{what}: there is no such file, and {root} is in no git repository")
    if found.code == 1:
        raise BadInput(f"{what}: neither a file nor a git revision", hint="A shallow clone lacks older ones: fetch them first")
    if found.code:
        raise BadInput(f"{what}: git says: {one_line(found.stderr, 200)}")
    shown = _git(what, root, "cat-file", "blob", f"{found.stdout.strip()}:./{BASELINE}")
    if shown.code:
        raise BadInput(f"{what}: that revision has no {BASELINE}", hint="Name one at which a baseline was committed")
    return parse(shown.stdout, f"{revision}:{BASELINE}", "Name a later revision, or a file")


def _git(what: str, root: Path, *words: str) -> process.Completed:
    """LC_ALL: git's own words are matched."""
    try:
        return process.run(["git", "-C", str(root), *words], env={"LC_ALL": "C"}, timeout=10, check=False)
    except process.CommandFailed as error:
        raise BadInput(f"{what}: git can't be asked: {error}") from error


class _Wrong(ValueError):
    """Something in the file isn't as it should be; says where, and what it should be."""


def parse(text: str, where: str, hint: str) -> dict[str, Entry]:
    """The entries that `text` holds. `BadInput` begins with `where`."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{where}: not JSON", hint=hint) from error
    try:
        version = _take(value, "version", "", int, "a number")
        if version != VERSION:
            raise _Wrong(f"version: {version} is another version of baselines; this Tareweight knows {VERSION}")
        targets = _take(value, "targets", "", dict, "a table")
        return {name: _entry(one, f"targets.{name}") for name, one in targets.items()}
    except _Wrong as error:
        raise BadInput(f"{where}: {error}", hint=hint) from error


def _entry(value: Any, at: str) -> Entry:
    classes = _take(value, "classes", at, dict, "a table")
    packages = _take(value, "packages", at, list, "a list")
    return Entry(
        platform=_take(value, "platform", at, str, "a string"),
        size=_count(value, "size", at),
        download=None if isinstance(value, dict) and value.get("download", 0) is None else _count(value, "download", at),
        user=_take(value, "user", at, str, "a string"),
        traits=tuple(_string(one, f"{at}.surface") for one in _take(value, "surface", at, list, "a list of strings")),
        classes={name: _count(classes, name, f"{at}.classes") for name in classes},
        packages=tuple(sorted(_held(one, f"{at}.packages[{index + 1}]") for index, one in enumerate(packages))),
    )


def _held(value: Any, at: str) -> Held:
    if isinstance(value, list) and [type(one) for one in value] == [str, str, str, int] and value[3] >= 0:
        return Held(*value)
    raise _Wrong(f"{at}: should be [type, name, version, bytes]")


def _count(table: Any, key: str, at: str) -> int:
    count: int = _take(table, key, at, int, "a count")
    if count < 0:
        raise _Wrong(f"{at}.{key}: should be a count")
    return count


def _string(value: Any, at: str) -> str:
    if not isinstance(value, str):
        raise _Wrong(f"{at}: should be a list of strings")
    return value


def _take(table: Any, key: str, at: str, kind: type, wanted: str) -> Any:
    if not isinstance(table, dict):
        raise _Wrong(f"{at or 'the file'}: should be a table")
    if type(table.get(key)) is not kind:
        raise _Wrong(f"{at}{'.' if at else ''}{key}: should be {wanted}")
    return table[key]
