"""What was measured of each target -> rows that can be laid side by side. Pure: nothing here asks the engine.

An app's rows stay together, because only images of one app do the same job: a sort key orders the rows within
each app, and the apps by their first row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from tareweight import __version__
from tareweight.errors import BadInput, nearest, one_line
from tareweight.scale.weight import Weight, stored, unique

if TYPE_CHECKING:
    from tareweight.lock import Delta, Entry

State = Literal["fresh", "stale", "missing", "failed"]

_UNDER_100 = math.nextafter(100, 0)

@dataclass(frozen=True)
class Measured:
    """What is known of one target. `baseline` is the app's own baseline variant.

    `weight` is None where there is no image, or where it can't be weighed: then `reason` says why. `tare` are the bytes of the
    base's layers and `download` those of a pull, None where they aren't known. `locked` is the check's word on whether
    it runs locked down. `layers` and `user` are known without a weight.
    """

    app: str
    variant: str
    baseline: str
    image: str
    image_id: str | None
    base: str
    base_source: str
    stand_in: str
    weight: Weight | None
    tare: int | None
    download: int | None
    layers: int | None
    user: str
    first_answer: float | None
    check: str
    check_ok: bool | None
    locked: str
    reason: str
    state: State

    @property
    def size(self) -> int | None:
        """Bytes of the regular files in the final file system, hard links once."""
        return self.weight.size if self.weight else None

    @property
    def cargo(self) -> int | None:
        """Bytes of the layers on top of the base's, as the store counts them."""
        return None if self.weight is None or self.tare is None else self.weight.layered - self.tare


@dataclass(frozen=True)
class Row(Measured):
    """One target beside its baseline.

    `first_answer` is in seconds. `ratio` is the baseline's size divided by this one's; `percent` is how much smaller this one
    is, in per cent of the baseline's size: always under 100, negative when it is larger. Both are None where there is
    nothing to compare with. `smallest` marks the smallest image of its app whose check passed; images of equal size
    share the mark. `since` is what changed since the baseline file, None where it has no such target. `unique_in_app` and `unique`
    are the bytes of layers that no other row of the app, of the table has.
    """

    ratio: float | None
    percent: float | None
    smallest: bool
    unique_in_app: int | None
    unique: int | None
    since: Delta | None

    @property
    def name(self) -> str:
        """`<app>:<variant>`."""
        return f"{self.app}:{self.variant}"

    @property
    def is_baseline(self) -> bool:
        """Whether the others of its app are compared with this one."""
        return self.variant == self.baseline


@dataclass(frozen=True)
class Comparison:
    """Rows in the order in which they are shown, and what has to be said about all of them.

    `stored` are the bytes that the images take together, every layer once, as the store counts them. `against` names the baseline
    file or git revision that the rows' `since` looks back to; empty where none was asked for. `sources` says where the bases come from:
    a line for those that were pulled, one for those made here, with what stands in for each.
    """

    rows: tuple[Row, ...]
    engine: str
    store: str
    stored: int
    against: str
    sources: tuple[str, ...]
    notes: tuple[str, ...]
    tareweight: str = __version__


def _last_if_none(value: float | None) -> tuple[bool, float]:
    return (value is None, 0.0 if value is None else value)


_KEYS: dict[str, Callable[[Row], tuple[bool, float]]] = {
    "app": lambda _row: (False, 0.0),
    "size": lambda row: _last_if_none(row.size),
    "ratio": lambda row: _last_if_none(None if row.ratio is None else -row.ratio),
    "download": lambda row: _last_if_none(row.download),
    "packages": lambda row: _last_if_none(None if row.weight is None else len(row.weight.scan.packages)),
    "layers": lambda row: _last_if_none(row.layers),
    "first-answer": lambda row: _last_if_none(row.first_answer),
}
SORTS = tuple(_KEYS)


def compare(
    measured: Sequence[Measured],
    *,
    baseline: str | None,
    sort: str | None,
    engine: str,
    store: str,
    against: str = "",
    then: Mapping[str, Entry] = MappingProxyType({}),
) -> Comparison:
    """Rows for `measured`. `baseline` overrides what the apps say; `sort` is one of `SORTS` (default: as given).

    `then` is what the targets weighed before, by `<app>:<variant>`, and `against` what that is called.

    `BadInput` for a sort key that doesn't exist and for a baseline that no app has.
    """
    key = sort or "app"
    if key not in _KEYS:
        raise BadInput(f"--sort: unknown key '{one_line(key)}'", hint=nearest(key, _KEYS))
    variants = {one.variant for one in measured}
    if baseline is not None and measured and baseline not in variants:
        raise BadInput(
            f"--baseline: no selected app has a variant '{one_line(baseline)}'", hint=nearest(baseline, variants)
        )
    groups: dict[str, list[Measured]] = {}
    for one in measured:
        groups.setdefault(one.app, []).append(one)
    unique_in_table = unique(one.weight for one in measured if one.weight)
    rows = [_rows(group, baseline, unique_in_table, then) for group in groups.values()]
    notes, sources = _notes(rows), tuple(_sources(row for group_rows in rows for row in group_rows))
    for group_rows in rows:
        group_rows.sort(key=_KEYS[key])
    rows.sort(key=lambda group_rows: _KEYS[key](group_rows[0]))
    return Comparison(
        rows=tuple(row for group_rows in rows for row in group_rows),
        engine=one_line(engine),
        store=one_line(store),
        stored=stored(one.weight for one in measured if one.weight),
        against=one_line(against),
        sources=sources,
        notes=notes,
    )


def _rows(group: Sequence[Measured], override: str | None, in_table: Mapping[str, int], then: Mapping[str, Entry]) -> list[Row]:
    passing = [one.size for one in group if one.size is not None and _passes(one)]
    least = min(passing, default=None)
    in_app = unique(one.weight for one in group if one.weight)
    rows = []
    for one in group:
        name = one.baseline if override is None else override
        against = next((other.size for other in group if other.variant == name), None)
        ratio, percent = _against(one.size, against)
        known = {field.name: getattr(one, field.name) for field in fields(one)}
        cleaned = {key: one_line(known[key]) for key in ("base", "stand_in", "user", "check", "locked", "reason")}
        rows.append(
            Row(
                **{**known, **cleaned, "baseline": name},
                ratio=ratio,
                percent=percent,
                smallest=one.size is not None and one.size == least and _passes(one),
                unique_in_app=in_app.get(one.image_id or ""),
                unique=in_table.get(one.image_id or ""),
                since=_since(one, then.get(f"{one.app}:{one.variant}")),
            )
        )
    return rows


def _since(one: Measured, then: Entry | None) -> Delta | None:
    if one.weight is None or then is None or then.platform != one.weight.platform:
        return None
    from tareweight.lock import deltas, entry

    return deltas(then, entry(one.weight, one.download))


def _passes(one: Measured) -> bool:
    return one.check_ok is True and one.state in {"fresh", "stale"}


def _against(size: int | None, baseline: int | None) -> tuple[float | None, float | None]:
    """Ratio and per cent. An empty image can't be compared: it would be infinitely smaller, or by 100 per cent."""
    if not size or not baseline:
        return None, None
    return baseline / size, min(100 * (baseline - size) / baseline, _UNDER_100)


def _notes(groups: Sequence[Sequence[Row]]) -> tuple[str, ...]:
    rows = [row for group in groups for row in group]
    if not rows:
        return ()
    notes = ["size: the regular files of the final file system, hard links once"]
    notes += [note for group in groups for note in _without_baseline(group)]
    notes += [note for row in rows for note in _found(row)]
    notes += [_out_of_date(row) for row in rows if row.state == "stale"]
    notes += [f"{row.name} failed: {row.reason or 'no reason was given'}" for row in rows if _failed(row)]
    notes += [
        f"{row.name} is missing: {row.reason or f'there is no image {row.image}'}" for row in rows if _missing(row)
    ]
    return tuple(notes)


def _found(row: Row) -> list[str]:
    """What the scale has to say of a row: secrets, and a scan that didn't see everything."""
    if row.weight is None:
        return [f"{row.name} is not weighed: {row.reason}"] if row.image_id and row.state in {"fresh", "stale"} and not _failed(row) else []
    notes = [f"{row.name} holds a {finding.kind}: {one_line(finding.path)}" for finding in row.weight.all_secrets[:3]]
    if len(row.weight.all_secrets) > 3:
        notes.append(f"{row.name} holds {len(row.weight.all_secrets) - 3} secrets more: `invoke explain` names them")
    if not row.weight.scan.complete:
        notes.append(f"{row.name} was not seen whole: {one_line('; '.join(row.weight.scan.notes[:2]))}")
    return notes


def _out_of_date(row: Row) -> str:
    """The reason stands where it belongs: with the failure, if the old image fails its check too."""
    why = f": {row.reason}" if row.reason and not _failed(row) else ""
    return f"{row.name} is out of date{why}"


def _failed(row: Row) -> bool:
    return row.state == "failed" or (row.check_ok is False and row.state != "missing")


def _missing(row: Row) -> bool:
    return row.state == "missing"


def _sources(rows: Iterable[Row]) -> list[str]:
    """Where the bases come from: a line for each source, each stand-in said once with all its bases."""
    upstream: dict[str, None] = {}
    made: dict[str, dict[str, None]] = {}
    for row in rows:
        if row.base_source == "upstream":
            upstream[row.base] = None
        elif row.base_source == "debian":
            made.setdefault(row.stand_in, {})[row.base] = None
    notes = []
    if upstream:
        notes.append("upstream: " + ", ".join(upstream))
    if made:
        notes.append("debian: " + "; ".join(_stands_in(stand_in, bases) for stand_in, bases in made.items()))
    return notes


def _stands_in(stand_in: str, bases: Iterable[str]) -> str:
    names = ", ".join(bases)
    return f"{names} <- {stand_in}" if stand_in else names


def _without_baseline(group: Sequence[Row]) -> list[str]:
    app, name = group[0].app, group[0].baseline
    found = next((row for row in group if row.is_baseline), None)
    if found is None:
        if len(group) == 1:
            return [f"{app}: the baseline '{name}' is not among the rows, so nothing is compared with it"]
        return [f"{app}: the baseline '{name}' is not among its rows, so they have no ratio"]
    if found.size or len(group) == 1:
        return []
    why = "is empty" if found.size == 0 else "has no size"
    return [f"{app}: the baseline '{name}' {why}, so the other rows have no ratio"]
