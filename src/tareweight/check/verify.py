"""All checks of one image."""

from __future__ import annotations

from pathlib import Path

from tareweight.catalog import Target
from tareweight.check import command, exchange, reaper
from tareweight.check.lockdown import Gone, connected, inspect
from tareweight.check.verdict import Failure, Verdict, save


def verify(target: Target, image_id: str, *, tare: Path) -> Verdict:
    """Run every check of the target against the image, keep the verdict under `tare` and return it.

    May be called from several threads. `EngineError` where the engine goes away; `Interrupted` after `reaper.cancel`.
    """
    checks, needs = target.app.checks, target.needs
    failures: dict[str, str] = {}
    answers: list[float] = []
    with connected() as client:
        try:
            image = inspect(client, image_id)
        except Gone as error:
            return Verdict(0, len(checks), tuple(Failure(check.name, str(error)) for check in checks), None, needs.declared(), "")
        asked = [check for check in checks if check.http]
        if asked:
            failures, first = exchange.run(client, image, needs, asked)
            answers += [first] if first is not None else []
        for check in checks:
            if check.http is None:
                reaper.refuse_if_cancelled()
                why, seconds = command.run(client, image, needs, check)
                if why is None:
                    answers.append(seconds)
                else:
                    failures[check.name] = why
    # What a cancelled run saw says nothing about the image.
    reaper.refuse_if_cancelled()
    failed = tuple(Failure(check.name, failures[check.name]) for check in checks if check.name in failures)
    verdict = Verdict(len(checks) - len(failed), len(checks), failed, answers[0] if answers else None, needs.declared(), image.user)
    save(verdict, tare, image_id, target)
    return verdict
