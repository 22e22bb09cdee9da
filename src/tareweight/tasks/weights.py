"""Tasks that weigh and tell."""

from __future__ import annotations

from typing import Any

from invoke import Context, task

from tareweight import console
from tareweight.tasks.common import BUILD, guarded, options, wishes


@task(iterable=["app", "variant", "set_"], help=options(*BUILD, "baseline", "sort", "format"))
@guarded
def compare(
    _c: Context,
    app: Any = None,
    variant: Any = None,
    baseline: str = "",
    sort: str = "",
    format: str = "table",
    set_: Any = None,
    bases: str = "",
    nearest_base: bool = False,
) -> None:
    """Show what each variant costs: one table of sizes, layers, users, first answers and checks."""
    from tareweight import compare as comparing
    from tareweight import project as projects
    from tareweight import report

    report.known(format)
    project = projects.open_project(wishes(app or (), variant or (), set_ or (), bases=bases, nearest_base=nearest_base))
    planned = projects.make_plan(project)
    comparison = comparing.compare(
        projects.measure(planned), baseline=baseline or None, sort=sort or None, engine=str(planned.engine), store=planned.engine.store
    )
    console.out(report.render(comparison, format))


