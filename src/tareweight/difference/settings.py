"""What differs in the images' configurations, and in what they have for an attacker to use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields

from tareweight.difference.changes import Exposure, Setting
from tareweight.scale.weight import Config, Finding, Surface, Weight


def settings(old: Config, new: Config) -> Iterator[Setting]:
    """The fields that differ, as they come in `Config`; the environment by variable, sorted."""
    for field in fields(Config):
        was, now = getattr(old, field.name), getattr(new, field.name)
        if field.name == "environment":
            yield from _variables(dict(was), dict(now))
        elif was != now:
            yield Setting(field.name, _several(was), _several(now))


def _several(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,) if value else ()


def _variables(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Setting]:
    for name in sorted({*old, *new}):
        was, now = old.get(name), new.get(name)
        if was != now:
            yield Setting("environment", () if was is None else (was,), () if now is None else (now,), name)


def surface(old: Weight, new: Weight) -> Iterator[Exposure]:
    """The kinds of `Surface` that differ, and secrets (where they lie, never what they hold)."""
    for field in fields(Surface):
        was, now = getattr(old.scan.surface, field.name), getattr(new.scan.surface, field.name)
        if isinstance(was, tuple):
            yield from _exposure(field.name, was, now)
    yield from _exposure("secrets", map(_place, old.all_secrets), map(_place, new.all_secrets))


def _exposure(kind: str, old: Iterable[str], new: Iterable[str]) -> Iterator[Exposure]:
    was, now = set(old), set(new)
    if was != now:
        yield Exposure(kind, tuple(sorted(was - now)), tuple(sorted(now - was)))


def _place(finding: Finding) -> str:
    return f"{finding.kind} in {finding.path}"
