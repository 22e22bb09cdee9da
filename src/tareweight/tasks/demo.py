"""The story for an audience, in one command."""

from __future__ import annotations

import sys
from typing import Any

from invoke import Context, Exit

from tareweight import console
from tareweight.tasks.builds import build_chosen
from tareweight.tasks.common import MATRIX, guarded, options, task, wishes


@task(iterable=["app", "variant"], help={**options(*MATRIX, "download"), "pause": "wait for Enter after each step"})
@guarded
def demo(_c: Context, app: Any = None, variant: Any = None, pause: bool = False, download: bool = False) -> None:
    """Tell the story: build, show what each variant takes away and why, and end with the table."""
    from tareweight import compare, report, story, weighing
    from tareweight import project as projects
    from tareweight.errors import BadInput

    if pause and not sys.stdin.isatty():
        raise BadInput("--pause: there is no terminal to press Enter on", hint="Leave it out")
    wish = wishes(app or (), variant or ())
    failed: Exit | None = None
    try:
        build_chosen(wish)
    except Exit as left:
        failed = left  # the story is told all the same, of what there is
    planned = projects.make_plan(projects.open_project(wish), weigh=True)
    weighed = weighing.weigh_all(planned, say=console.say, pack=download)
    comparison = compare.compare(
        weighing.measure(planned, weighed), baseline=None, sort=None, engine=str(planned.engine), store=planned.engine.store
    )
    twins = {job.target.name: f"{job.target.app.name}:{job.target.source}" for job in planned.jobs if job.target.source}
    for step in story.steps(comparison.rows, twins):
        console.step(step.title, step.lines, pause=pause)
    console.out("\n" + report.render(comparison, "table"))
    if failed:
        raise failed
