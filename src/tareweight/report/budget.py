"""What each image has of what it may have: for a terminal, for a pull request, and as JSON (docs/budget.schema.json)."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tareweight import __version__
from tareweight.budget import Cause, Judgement, Result, Value
from tareweight.errors import BadInput, OverBudget, TareError, nearest, one_line
from tareweight.report import text

FORMATS = ("table", "markdown", "json")
VERSION = 1
_MOST = 4
"""Causes in a line; JSON has all."""


def known(format: str) -> None:
    """`BadInput` for a format that doesn't exist."""
    if format not in FORMATS:
        raise BadInput(f"--format: unknown format '{one_line(format)}'", hint=nearest(format, FORMATS))


def render(results: Sequence[Result], format: str) -> str:
    """`results` as `format`, ending in a newline. `BadInput` for a format that doesn't exist."""
    known(format)
    if format == "json":
        return _json(results)
    from tareweight.report import sections

    columns = (
        sections.Column("target", room=28),
        sections.Column("limit"),
        sections.Column(""),
        sections.Column("actual", "right", room=18),
        sections.Column("allowed", room=29),
    )
    rows = [_cells(result, one) for result in results for one in result.judgements]
    drawn = sections.pages if format == "markdown" else sections.terminal
    return drawn([sections.Section(headline(results), columns, rows, [*reasons(results), *_without(results)])])


def headline(results: Sequence[Result]) -> str:
    """How many limits are kept, in a line."""
    states: list[str] = [one.state for result in results for one in result.judgements]
    if not states:
        return "No limits: app.toml has no [budget]"
    parts = [f"{count} {words}" for state, words in (("over", "broken"), ("unknown", "unknown")) if (count := states.count(state))]
    return f"Budget: {', '.join(parts)} of {_count(len(states), 'limit')}" if parts else f"Budget: {_count(len(states), 'limit')}, all kept"


def reasons(results: Sequence[Result]) -> list[str]:
    """A line for each limit that isn't kept: by how much, and what is behind it."""
    return [_reason(result, one) for result in results for one in result.broken]


def failure(results: Sequence[Result]) -> TareError | None:
    """What `budget` ends with: None where every limit is kept, else the first reason.

    Exit code 1 where a target that has limits isn't there to be weighed, which is the graver, else 4.
    """
    broken = [(result, one) for result in results for one in result.broken]
    if not broken:
        return None
    result, first = next((one for one in broken if not one[0].weighed), broken[0])
    kind = OverBudget if result.weighed else TareError
    return kind(_reason(result, first), hint=f"{_count(len(broken) - 1, 'more limit')} not kept" if len(broken) > 1 else None)


def _without(results: Sequence[Result]) -> list[str]:
    names = [result.name for result in results if not result.judgements]
    return [f"without limits: {', '.join(names)}"] if names and len(names) < len(results) else []


def _cells(result: Result, one: Judgement) -> list[str]:
    none_of = "none of " if one.limit == "forbid" else ""
    state = "OVER" if one.state == "over" else one.state
    return [result.name, one.limit, state, _shown(one.limit, one.actual), none_of + _shown(one.limit, one.allowed)]


def _shown(limit: str, value: Value) -> str:
    if value is None:
        return text.NONE
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    if limit == "growth":
        return _percent(value)
    return text.number(int(value)) if limit == "packages" else text.size(int(value))


def _percent(value: float) -> str:
    """Four digits, or all of a whole number."""
    return f"{value:.0f} %" if abs(value) >= 1000 else f"{value:.4g} %"


def _reason(result: Result, one: Judgement) -> str:
    if one.state == "unknown":
        said = f"{one.limit} can't be judged: {one.why}"
    elif isinstance(one.actual, tuple):
        said = f"forbidden: {_bearers(one.actual, one.causes)}"
    else:
        said = _excess(one)
    behind = [cause for cause in one.causes if not cause.trait]
    return one_line(f"{result.name}: {said}{_behind(behind, since=one.since)}")


def _excess(one: Judgement) -> str:
    actual, allowed = (_shown(one.limit, value) for value in (one.actual, one.allowed))
    if one.limit == "growth":
        return f"size grew by {actual}, {allowed} is allowed" if one.actual is not None else "size grew from nothing"
    return f"{one.limit} {actual}, {_shown(one.limit, one.excess)} over the {allowed} allowed"


def _bearers(words: Sequence[str], causes: Sequence[Cause]) -> str:
    """Each forbidden word with what bears it."""
    return ", ".join(f"{word} ({_listed([cause.what for cause in causes if cause.trait == word])})" for word in words)


def _behind(causes: Sequence[Cause], *, since: bool) -> str:
    if not causes:
        return "; new since the baseline" if since else ""
    if not since:
        return "; the biggest: " + ", ".join(f"{cause.what} ({text.size(cause.bytes)})" for cause in causes[:_MOST])
    return "; since the baseline: " + _listed([f"{cause.what} (+{text.size(cause.bytes)})" for cause in causes])


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST
    return ", ".join(names[:_MOST]) + (f" and {more} more" if more > 0 else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _json(results: Sequence[Result]) -> str:
    document = {
        "version": VERSION,
        "tareweight": __version__,
        "kept": not any(result.broken for result in results),
        "targets": [
            {"app": result.app, "variant": result.variant, "weighed": result.weighed, "limits": [_limit(result, one) for one in result.judgements]}
            for result in results
        ],
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _limit(result: Result, one: Judgement) -> dict[str, object]:
    return {
        "limit": one.limit,
        "state": one.state,
        "allowed": one.allowed,
        "actual": one.actual,
        "since_baseline": one.since,
        "causes": [{"what": one_line(cause.what), "bytes": cause.bytes, "trait": cause.trait or None} for cause in one.causes],
        "reason": _reason(result, one) if one.state != "ok" else None,
    }
