"""Tasks that weigh and tell."""

from __future__ import annotations

from typing import Any

from invoke import Context, task

from tareweight import console
from tareweight.tasks.common import BUILD, guarded, options, wishes


@task(iterable=["app", "variant", "set_"], help=options(*BUILD, "baseline", "sort", "format", "wide", "download"))
@guarded
def compare(
    _c: Context,
    app: Any = None,
    variant: Any = None,
    baseline: str = "",
    sort: str = "",
    format: str = "table",
    wide: bool = False,
    download: bool = False,
    set_: Any = None,
    bases: str = "",
    nearest_base: bool = False,
) -> None:
    """Show what each variant costs: one table of sizes, downloads, packages, attack surface and checks."""
    from tareweight import compare as comparing
    from tareweight import project as projects
    from tareweight import report, weighing

    report.known(format)
    project = projects.open_project(wishes(app or (), variant or (), set_ or (), bases=bases, nearest_base=nearest_base))
    planned = projects.make_plan(project)
    weighed = weighing.weigh_all(planned, say=console.say, pack=download)
    comparison = comparing.compare(
        weighing.measure(planned, weighed), baseline=baseline or None, sort=sort or None, engine=str(planned.engine), store=planned.engine.store
    )
    console.out(report.render(comparison, format, wide=wide))
