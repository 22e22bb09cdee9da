"""Running checks and saying what came of them, as several tasks do."""

from __future__ import annotations

import os
from typing import Any

from tareweight import console


def run_checks(targets: list[Any], project: Any) -> bool:
    """Check pairs of target and image ID, several at once, and say what came of each. True when none failed."""
    from concurrent.futures import ThreadPoolExecutor

    from tareweight.check import reaper
    from tareweight.check.verdict import reasons
    from tareweight.check.verify import verify as check

    # No more at once than there are processors: the time to the first answer is measured, and should be the image's own.
    with ThreadPoolExecutor(min(project.jobs_at_once, os.cpu_count() or 1)) as pool:
        try:
            verdicts = list(pool.map(lambda pair: check(pair[0], pair[1], tare=project.settings.tare), targets))
        except KeyboardInterrupt:
            reaper.cancel()
            raise
    for (target, _), verdict in zip(targets, verdicts, strict=True):
        word = "unchecked" if not verdict.total else "ok" if verdict.ok else "FAILED"
        note = f"  {verdict.lock_note}" if verdict.lock_note else ""
        console.say(f"{target.name:<24} check {word} {verdict.passed}/{verdict.total}{note}")
        for reason in reasons(verdict.failures):
            console.say(f"    {reason}")
    return not any(verdict.failures for verdict in verdicts)
