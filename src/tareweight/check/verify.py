"""All checks of one image, and whether it passes them locked down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tareweight.catalog import Check, Needs, Target
from tareweight.check import command, exchange, reaper
from tareweight.check.lockdown import CantRun, Gone, Image, connected, inspect
from tareweight.check.user import is_root
from tareweight.check.verdict import AS_ROOT, AS_STRANGER, STRANGER, Failure, Verdict, save
from tareweight.errors import one_line


def verify(target: Target, image_id: str, *, tare: Path) -> Verdict:
    """Run every check of the target against the image, keep the verdict under `tare` and return it.

    May be called from several threads. `EngineError` where the engine goes away; `Interrupted` after `reaper.cancel`.
    """
    checks, needs = target.app.checks, target.needs
    locked: bool | None = None
    unlocked = ""
    with connected() as client:
        try:
            image = inspect(client, image_id)
        except Gone as error:
            return Verdict(0, len(checks), tuple(Failure(check.name, str(error)) for check in checks), None, needs.declared(), "")
        failed, first = _run(client, image, needs, checks)
        if checks and not failed:
            locked, unlocked = _try_locked(client, image, needs, checks)
    # What a cancelled run saw says nothing about the image.
    reaper.refuse_if_cancelled()
    user = one_line(image.user, 40) or "root"
    verdict = Verdict(len(checks) - len(failed), len(checks), failed, first, needs.declared(), user, locked, unlocked)
    save(verdict, tare, image_id, target)
    return verdict


def _run(client: Any, image: Image, needs: Needs, checks: Sequence[Check], *, to_the_end: bool = True) -> tuple[tuple[Failure, ...], float | None]:
    """What failed, and the seconds to the first answer. Unless `to_the_end`, no container is started after a failure."""
    failures: dict[str, str] = {}
    answers: list[float] = []
    asked = [check for check in checks if check.http]
    if asked:
        failures, first = exchange.run(client, image, needs, asked)
        answers += [first] if first is not None else []
    for check in checks:
        if check.http is None and (to_the_end or not failures):
            reaper.refuse_if_cancelled()
            why, seconds = command.run(client, image, needs, check)
            if why is None:
                answers.append(seconds)
            else:
                failures[check.name] = why
    failed = tuple(Failure(check.name, failures[check.name]) for check in checks if check.name in failures)
    return failed, answers[0] if answers else None


def _try_locked(client: Any, image: Image, needs: Needs, checks: Sequence[Check]) -> tuple[bool | None, str]:
    """`locked` and `unlocked` of the verdict on an image that has passed. A second run, unless the first one was it."""
    try:
        root = is_root(client, image)
    except CantRun:
        return None, ""
    declared = needs.declared()
    if not root and not declared:
        return True, ""
    tried = replace(image, run_as=STRANGER) if root else image
    failed, _ = _run(client, tried, replace(needs, writable=(), capabilities=()), checks, to_the_end=False)
    if root:
        return False, f"{AS_STRANGER}: {failed[0].why}" if failed else AS_ROOT
    return (False, declared) if failed else (True, "")
