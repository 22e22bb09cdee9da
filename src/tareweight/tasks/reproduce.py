"""The task that builds twice."""

from __future__ import annotations

from typing import Any

from invoke import Context, Exit

from tareweight import console
from tareweight.tasks.common import BUILD, guarded, options, task, wishes


@task(iterable=["app", "variant", "set_"], help={**options(*BUILD, "jobs"), "builder": "make the second builds on this buildx builder"})
@guarded
def reproduce(
    _c: Context, app: Any = None, variant: Any = None, set_: Any = None, jobs: str = "", bases: str = "", nearest_base: bool = False, builder: str = ""
) -> None:
    """Build twice without cache, and say what differs, file by file; baselines only where they are named."""
    from tareweight.project import open_project
    from tareweight.work import reproduce as twice

    wish = wishes(app or (), variant or (), set_ or (), jobs=jobs, bases=bases, nearest_base=nearest_base)
    found = twice.reproduce(twice.without_baselines(open_project(wish)), builder=builder, say=console.say, tell=console.progress)
    for one in found:
        console.out("\n".join(twice.lines(one)))
    for line in twice.summary(found):
        console.say(line)
    if not all(one.same for one in found):
        raise Exit(code=1)
