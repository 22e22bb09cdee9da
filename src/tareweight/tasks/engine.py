"""Tasks around the engine itself."""

from __future__ import annotations

from invoke import Context, Exit

from tareweight import console
from tareweight.tasks.common import guarded, task


@task
@guarded
def up(_c: Context) -> None:
    """Use the engine that answers; start it, or install and start it, where none does."""
    from tareweight import settings
    from tareweight.engine import daemon

    daemon.up(settings.read().tare, console.say)


@task
@guarded
def down(_c: Context) -> None:
    """Stop the engine if engine.up started it."""
    from tareweight import settings
    from tareweight.engine import daemon

    if not daemon.stop(settings.read().tare, console.say):
        console.say("no engine that engine.up started is running: nothing was stopped")


@task
@guarded
def status(_c: Context) -> None:
    """The doctor: engine, store, buildx, disk, CA bundle and bases, each with what to do about it."""
    from tareweight import settings
    from tareweight.engine import doctor

    found = settings.read()
    findings = doctor.examine(found.tare, found.bases)
    for finding in findings:
        console.out(f"{finding.state:<5} {finding.topic:<12} {finding.what}")
        if finding.do and finding.state != "ok":
            console.out(f"{'':<18} -> {finding.do}")
    if any(finding.state == "bad" for finding in findings):
        raise Exit(code=3)


