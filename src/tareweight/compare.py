"""What was measured of each target -> rows that can be laid side by side. Pure: nothing here asks the engine.

An app's rows stay together, because only images of one app do the same job: a sort key orders the rows within
each app, and the apps by their first row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from tareweight import __version__
from tareweight.errors import BadInput, nearest, one_line

State = Literal["fresh", "stale", "missing", "failed"]

_UNDER_100 = math.nextafter(100, 0)
_HOW_STORES_COUNT = {
    "classic": "the classic store counts apparent bytes",
    "containerd": "the containerd store counts disk blocks, so its sizes are larger than the classic store's",
}


@dataclass(frozen=True)
class Measured:
    """What is known of one target. `baseline` is the app's own baseline variant."""

    app: str
    variant: str
    baseline: str
    image: str
    image_id: str | None
    base: str
    base_source: str
    stand_in: str
    size: int | None
    layers: int | None
    user: str
    first_answer: float | None
    check: str
    check_ok: bool | None
    reason: str
    state: State


@dataclass(frozen=True)
class Row:
    """One target beside its baseline.

    `size` is in bytes, `first_answer` in seconds. `ratio` is the baseline's size divided by this one's; `percent` is
    how much smaller this one is, in per cent of the baseline's size: always under 100, negative when it is larger.
    Both are None where there is nothing to compare with. `smallest` marks the smallest image of its app whose
    check passed; images of equal size share the mark.
    """

    app: str
    variant: str
    baseline: str
    image: str
    image_id: str | None
    base: str
    base_source: str
    stand_in: str
    size: int | None
    ratio: float | None
    percent: float | None
    smallest: bool
    layers: int | None
    user: str
    first_answer: float | None
    check: str
    check_ok: bool | None
    reason: str
    state: State

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
    """Rows in the order in which they are shown, and what has to be said about all of them."""

    rows: tuple[Row, ...]
    engine: str
    store: str
    notes: tuple[str, ...]
    tareweight: str = __version__


def _last_if_none(value: float | None) -> tuple[bool, float]:
    return (value is None, 0.0 if value is None else value)


_KEYS: dict[str, Callable[[Row], tuple[bool, float]]] = {
    "app": lambda _row: (False, 0.0),
    "size": lambda row: _last_if_none(row.size),
    "ratio": lambda row: _last_if_none(None if row.ratio is None else -row.ratio),
    "layers": lambda row: _last_if_none(row.layers),
    "first-answer": lambda row: _last_if_none(row.first_answer),
}
SORTS = tuple(_KEYS)


def compare(
    measured: Sequence[Measured], *, baseline: str | None, sort: str | None, engine: str, store: str
) -> Comparison:
    """Rows for `measured`. `baseline` overrides what the apps say; `sort` is one of `SORTS` (default: as given).

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
    rows = [_rows(group, baseline) for group in groups.values()]
    notes = _notes(rows, store)
    for group_rows in rows:
        group_rows.sort(key=_KEYS[key])
    rows.sort(key=lambda group_rows: _KEYS[key](group_rows[0]))
    return Comparison(
        rows=tuple(row for group_rows in rows for row in group_rows),
        engine=one_line(engine),
        store=one_line(store),
        notes=notes,
    )


def _rows(group: Sequence[Measured], override: str | None) -> list[Row]:
    passing = [one.size for one in group if one.size is not None and _passes(one)]
    least = min(passing, default=None)
    rows = []
    for one in group:
        name = one.baseline if override is None else override
        against = next((other.size for other in group if other.variant == name), None)
        ratio, percent = _against(one.size, against)
        rows.append(
            Row(
                app=one.app,
                variant=one.variant,
                baseline=name,
                image=one.image,
                image_id=one.image_id,
                base=one_line(one.base),
                base_source=one.base_source,
                stand_in=one_line(one.stand_in),
                size=one.size,
                ratio=ratio,
                percent=percent,
                smallest=one.size is not None and one.size == least and _passes(one),
                layers=one.layers,
                user=one_line(one.user),
                first_answer=one.first_answer,
                check=one_line(one.check),
                check_ok=one.check_ok,
                reason=one_line(one.reason),
                state=one.state,
            )
        )
    return rows


def _passes(one: Measured) -> bool:
    return one.check_ok is True and one.state in {"fresh", "stale"}


def _against(size: int | None, baseline: int | None) -> tuple[float | None, float | None]:
    """Ratio and per cent. An empty image can't be compared: it would be infinitely smaller, or by 100 per cent."""
    if not size or not baseline:
        return None, None
    return baseline / size, min(100 * (baseline - size) / baseline, _UNDER_100)


def _notes(groups: Sequence[Sequence[Row]], store: str) -> tuple[str, ...]:
    rows = [row for group in groups for row in group]
    if not rows:
        return ()
    counts = _HOW_STORES_COUNT.get(store.partition(" ")[0])
    size = "size: the unpacked layers, summed as docker history gives them"
    notes = [f"{size}; {counts}" if counts else size]
    notes += _sources(rows)
    notes += [note for group in groups for note in _without_baseline(group)]
    notes += [_out_of_date(row) for row in rows if row.state == "stale"]
    notes += [f"{row.name} failed: {row.reason or 'no reason was given'}" for row in rows if _failed(row)]
    notes += [
        f"{row.name} is missing: {row.reason or f'there is no image {row.image}'}" for row in rows if _missing(row)
    ]
    return tuple(notes)


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
