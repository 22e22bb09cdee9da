"""What the checks of one image came to, and where that is kept. Never imports docker."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tareweight import store
from tareweight.catalog import Check, Needs, Target

RULES = 2
"""Changes when the lock-down or the way of checking does: older verdicts don't count then."""

STRANGER = "65532:65532"
"""Whom an image of root's is tried as: `nonroot` in distroless images, and nobody in most others."""
AS_ROOT = "as root"
AS_STRANGER = f"as {STRANGER.partition(':')[0]}"

_IMAGE = re.compile(r"(?:sha256:)?([0-9a-f]{12,64})")


@dataclass(frozen=True)
class Failure:
    """A check that failed, and why, in one line."""

    check: str
    why: str


def reasons(failures: Sequence[Failure]) -> list[str]:
    """A line for each reason, with the first check that failed for it and how many more did: what can't start fails them all alike."""
    alike: dict[str, list[str]] = {}
    for failure in failures:
        alike.setdefault(failure.why, []).append(failure.check)
    return [f"{first}{f' and {len(more)} more' if more else ''}: {why}" for why, (first, *more) in alike.items()]


@dataclass(frozen=True)
class Verdict:
    """What the checks of one image came to.

    `first_answer` is the seconds from the order to start the container to the first right answer: for an HTTP app the first
    exchange that passed, else the exit of the first command check that passed. `total` is 0 where the app has no checks:
    then the image is unchecked, and not ok.

    `locked` is whether the image runs locked down by itself: as a user other than root, and with nothing `declared`. It is None where
    that wasn't tried, since there are no checks or not all passed. `unlocked` is why not, in one line: `AS_ROOT` where the user is
    all that is missing (as `STRANGER` the image passes, locked down), "as 65532: " and the failure where it isn't, and otherwise
    what is declared.
    """

    passed: int
    total: int
    failures: tuple[Failure, ...]
    first_answer: float | None
    declared: str
    user: str
    locked: bool | None = None
    unlocked: str = ""

    @property
    def lock_word(self) -> str:
        """For a table: yes, no, "as 65532" (not by itself, but as that user), or nothing where it wasn't tried."""
        if self.locked is None:
            return ""
        return "yes" if self.locked else AS_STRANGER if self.unlocked == AS_ROOT else "no"

    @property
    def lock_note(self) -> str:
        """For the line about one image: what is to be said of the lock-down, in one line; empty where it simply holds."""
        if self.locked:
            return f"runs locked down without {self.declared}" if self.declared else ""
        if self.unlocked == AS_ROOT:
            return f"beyond the lock-down: root (passes locked down {AS_STRANGER})"
        if self.unlocked.startswith(AS_STRANGER):
            also = f", {self.declared}" if self.declared else ""
            return f"beyond the lock-down: root{also} (fails locked down {self.unlocked})"
        return f"beyond the lock-down: {self.declared}" if self.declared else ""

    @property
    def ok(self) -> bool:
        """Whether there were checks and all of them passed."""
        return not self.failures and self.total > 0


def path(tare: Path, image_id: str, target: Target) -> Path | None:
    """Where the verdict on this image, under these checks and needs, is kept; None for what is no image ID."""
    found = _IMAGE.fullmatch(image_id)
    if not found:
        return None
    return tare / "checks" / f"{found[1]}-{_asked(target.app.checks, target.needs)}.json"


@cache
def _asked(checks: tuple[Check, ...], needs: Needs) -> str:
    """A hash of all that is asked of an image; the variants of an app have most of it in common."""
    asked = json.dumps([RULES, [asdict(check) for check in checks], asdict(needs)], sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()[:16]


def load(tare: Path, image_id: str, target: Target) -> Verdict | None:
    """The kept verdict on the image; None where there is none, it is corrupt, or checks or needs have changed since."""
    file = path(tare, image_id, target)
    value = store.read(file) if file else None
    return _parse(value) if isinstance(value, dict) else None


def save(verdict: Verdict, tare: Path, image_id: str, target: Target) -> None:
    """Keep a verdict, a failed one too."""
    if file := path(tare, image_id, target):
        store.write(file, asdict(verdict))


def _parse(value: dict[str, Any]) -> Verdict | None:
    passed, total, first = value.get("passed"), value.get("total"), value.get("first_answer")
    declared, user, failures = value.get("declared"), value.get("user"), value.get("failures")
    locked, unlocked = value.get("locked"), value.get("unlocked")
    if not (type(passed) is int and type(total) is int and 0 <= passed <= total):
        return None
    if not (first is None or (type(first) in {int, float} and first >= 0)):
        return None
    if not (isinstance(declared, str) and isinstance(user, str) and isinstance(failures, list)):
        return None
    if not ((locked is None or type(locked) is bool) and isinstance(unlocked, str) and (unlocked != "") == (locked is False)):
        return None
    kept: list[Failure] = []
    for failure in failures:
        check, why = (failure.get("check"), failure.get("why")) if isinstance(failure, dict) else (None, None)
        if not (isinstance(check, str) and isinstance(why, str)):
            return None
        kept.append(Failure(check, why))
    if passed + len(kept) != total:
        return None
    return Verdict(passed, total, tuple(kept), first, declared, user, locked, unlocked)
