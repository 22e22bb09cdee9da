"""What an image weighs, held to the limits of its app.toml. Pure.

A limit that can't be judged isn't kept: a budget that nobody can check would pass for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from tareweight import lock
from tareweight.catalog import Limits
from tareweight.lock import Entry
from tareweight.scale.weight import Weight

State = Literal["ok", "over", "unknown"]
Value = float | tuple[str, ...] | None

BIGGEST = 10
"""How many of the biggest packages and files stand behind a limit, where there is no baseline to tell what came since."""


class Cause(NamedTuple):
    """What is behind a broken limit: a package with its version, or files. `bytes` are its own, or those gained since the baseline.

    `trait` is the forbidden word that a path stands for; `bytes` is None then.
    """

    what: str
    bytes: int | None = None
    trait: str = ""


@dataclass(frozen=True)
class Judgement:
    """One limit of one image. `limit` is its key in app.toml.

    `allowed` and `actual` are bytes for size and download, a count for packages, per cent for growth, words for forbid; `actual` is
    None where it isn't known, and for growth from nothing. `causes` begin with the most bytes; with `since` they are what came since
    the baseline, which was within the limit. `why` says why a limit is "unknown".
    """

    limit: str
    state: State
    allowed: Value
    actual: Value
    causes: tuple[Cause, ...] = ()
    since: bool = False
    why: str = ""

    @property
    def excess(self) -> float | None:
        """By how much it is over; None for what isn't a number."""
        return self.actual - self.allowed if isinstance(self.actual, (int, float)) and isinstance(self.allowed, (int, float)) else None


@dataclass(frozen=True)
class Result:
    """A target and its limits. `weighed` is False where there is no weight to judge."""

    app: str
    variant: str
    judgements: tuple[Judgement, ...]
    weighed: bool = True

    @property
    def name(self) -> str:
        """`<app>:<variant>`."""
        return f"{self.app}:{self.variant}"

    @property
    def broken(self) -> tuple[Judgement, ...]:
        """The limits that are not kept, those that can't be judged among them."""
        return tuple(one for one in self.judgements if one.state != "ok")


def judge(limits: Limits, weight: Weight, download: int | None, then: Entry | None) -> tuple[Judgement, ...]:
    """One judgement for each limit that is set. `then` is what the target weighed at the baseline, if it was there."""
    now = lock.entry(weight, download)
    scale = _Scale(weight, now, then if then and then.platform == now.platform else None)
    found = (
        _most("size", limits.size, now.size, scale),
        _most("download", limits.download, download, scale),
        _most("packages", limits.packages, len(now.packages), scale),
        _growth(limits.growth, then, scale),
        _forbidden(limits.forbid, scale),
    )
    return tuple(one for one in found if one)


def unweighed(limits: Limits, why: str) -> tuple[Judgement, ...]:
    """The judgements for a target that has no weight."""
    return tuple(Judgement(key, "unknown", allowed, None, why=why) for key, allowed in limits._asdict().items() if allowed not in (None, ()))


class _Scale(NamedTuple):
    """What every judgement looks at; `then` is None where nothing can be compared with."""

    weight: Weight
    now: Entry
    then: Entry | None

    @property
    def unseen(self) -> str:
        """Why less was found than there may be; empty where all was seen."""
        return "" if self.weight.scan.complete else "the image was not seen whole"

    def came(self, *, only_new: bool = False) -> tuple[Cause, ...]:
        """What came since the baseline: packages that are new or grew, and files of no package. `only_new`: new packages alone."""
        if self.then is None:
            return ()
        delta = lock.deltas(self.then, self.now)
        causes = [_of(change) for change in delta.packages if change.kind == "added" or (change.bytes > 0 and not only_new)]
        if delta.rest > 0 and not only_new:
            biggest = max(self._loose(), key=lambda one: one.bytes or 0, default=None)
            causes.append(Cause(f"files of no package (the biggest is {biggest.what})" if biggest else "files of no package", delta.rest))
        return _most_first(causes)

    def biggest(self) -> tuple[Cause, ...]:
        """The biggest packages and files of no package."""
        packages = [Cause(_label(one.type, one.name, one.version), one.bytes) for one in self.now.packages]
        return tuple(cause for cause in _most_first([*packages, *self._loose()])[:BIGGEST] if cause.bytes)

    def _loose(self) -> list[Cause]:
        return [Cause(place.path, place.bytes) for place in self.weight.scan.biggest if not place.owner]


def _of(change: lock.Change) -> Cause:
    old, new = ", ".join(change.before), ", ".join(change.after)
    return Cause(_label(change.type, change.name, f"{old} -> {new}" if old not in {"", new} else new), change.bytes)


def _label(type_: str, name: str, version: str) -> str:
    return f"{type_}:{name} {version}".rstrip()


def _most_first(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    return tuple(sorted(causes, key=lambda one: (-(one.bytes or 0), one.what)))


def _most(limit: str, allowed: int | None, actual: int | None, scale: _Scale) -> Judgement | None:
    """A number that may be `allowed` at most."""
    if allowed is None:
        return None
    if actual is None:
        return Judgement(limit, "unknown", allowed, None, why=f"the {limit} isn't known")
    if actual > allowed:
        before = _before(limit, scale.then)
        since = before is not None and before <= allowed
        causes = scale.came(only_new=limit == "packages") if since else scale.biggest()
        return Judgement(limit, "over", allowed, actual, causes, since)
    if scale.unseen and limit != "download":
        return Judgement(limit, "unknown", allowed, actual, why=scale.unseen)
    return Judgement(limit, "ok", allowed, actual)


def _before(limit: str, then: Entry | None) -> int | None:
    """What it was at the baseline."""
    return {"size": then.size, "download": then.download, "packages": len(then.packages)}[limit] if then else None


def _growth(allowed: float | None, then: Entry | None, scale: _Scale) -> Judgement | None:
    if allowed is None:
        return None
    if then is None:
        return Judgement("growth", "unknown", allowed, None, why="the baseline has no such target: run `invoke baseline`")
    if scale.then is None:
        return Judgement("growth", "unknown", allowed, None, why=f"the baseline is of {then.platform}, the image of {scale.now.platform}")
    gained = scale.now.size - then.size
    grown = 100 * gained / then.size if then.size else 0.0 if not gained else None
    if grown is None or grown > allowed:
        return Judgement("growth", "over", allowed, grown, scale.came(), since=True)
    if scale.unseen:
        return Judgement("growth", "unknown", allowed, grown, why=scale.unseen)
    return Judgement("growth", "ok", allowed, grown)


def _forbidden(words: tuple[str, ...], scale: _Scale) -> Judgement | None:
    if not words:
        return None
    found = tuple(word for word in words if word in scale.now.traits)
    if found:
        since = scale.then is not None and not set(found) & set(scale.then.traits)
        causes = [Cause(path, trait=word) for word in found for path in _bearers(word, scale.weight)]
        return Judgement("forbid", "over", words, found, (*causes, *(scale.came(only_new=True) if since else ())), since)
    if scale.unseen:
        return Judgement("forbid", "unknown", words, found, why=scale.unseen)
    return Judgement("forbid", "ok", words, found)


def _bearers(word: str, weight: Weight) -> Iterable[str]:
    """What gives an image the trait `word`: paths, or the user's name."""
    there = weight.scan.surface
    return {
        "root": (f"USER {weight.config.user}" if weight.config.user else "no USER is set",),
        "shell": there.shells,
        "package-manager": there.package_managers,
        "compiler": there.compilers,
        "interpreter": there.interpreters,
        "network-client": there.network_clients,
        "setuid": there.setuid,
        "world-writable": there.world_writable,
        "secret": tuple(f"{one.path} ({one.kind})" for one in weight.all_secrets),
    }[word]
