"""Tasks that send images to a registry, and what build-all needs for builders elsewhere."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from invoke import Context, Exit

from tareweight import console
from tareweight.tasks.checking import run_checks
from tareweight.tasks.common import MATRIX, guarded, options, task, wishes


@task(iterable=["app", "variant"], help=options(*MATRIX, "registry", "jobs"))
@guarded
def push(_c: Context, app: Any = None, variant: Any = None, registry: str = "", jobs: str = "") -> None:
    """Push what passes its checks and budgets, and nothing else; print the digests."""
    from tareweight import project as projects
    from tareweight.build.run import Outcome
    from tareweight.engine.registry import parse

    where = parse(registry)
    project = projects.open_project(wishes(app or (), variant or (), jobs=jobs))
    planned = projects.make_plan(project, weigh=True)
    current = [Outcome(job, "fresh") for job in planned.jobs if job.image in planned.images and not job.stale and not job.error]
    if due := projects.unproven(planned, current):
        run_checks(due, project)
    if code := release(planned, where):
        raise Exit(code=code)


def release(planned: Any, where: str, *, refs: Mapping[str, str] | None = None, unchecked: bool = False) -> int:
    """Push those of `planned` that pass, print their digests and say of the others why not. The exit code."""
    from tareweight import lock, weighing
    from tareweight.catalog import Limits
    from tareweight.work import push as pushing

    # What nobody limits need not be weighed.
    limited = replace(planned, jobs=[job for job in planned.jobs if job.target.limits != Limits()])
    packed = any(job.target.limits.download is not None for job in limited.jobs)
    weighed = weighing.weigh_all(limited, say=console.say, pack=packed) if limited.jobs else {}
    results = weighing.budgets(planned, weighed, lock.of_project(planned.project.settings.root))
    good, refused = pushing.passed(planned, results, unchecked=unchecked)
    pushed, failed = pushing.push(good, planned, where, refs=refs or {})
    for line in pushed:
        console.out(line)
    return pushing.say_refused([*refused, *failed], console.say)


def look(setup: Any, project: Any) -> Any:
    """Where build-all looks for what there is already: in the registry, where the builder pushes there itself, else on the engine."""
    from tareweight.engine.client import inspect

    if setup is None or not setup.registry:
        return inspect
    from tareweight.work.fleet import published

    return functools.partial(published, prefix=project.settings.prefix, where=setup.registry, tag=project.wishes.tag)


def release_built(planned: Any, outcomes: Any, registry: str) -> int:
    """Push what build-all has on the engine now, built or up to date."""
    from tareweight.engine.registry import parse
    from tareweight.work import push as pushing

    return release(pushing.again(planned, outcomes), parse(registry))


def release_brought(planned: Any, outcomes: Any, setup: Any, *, verify: bool) -> int:
    """Judge what a builder has pushed without a tag, and give those their tags that pass."""
    from tareweight.work import push as pushing
    from tareweight.work.fleet import runs_here

    for line in pushing.there_already(planned, outcomes, setup):
        console.out(line)
    brought = pushing.bring(planned, outcomes, setup)
    try:
        jobs = brought.planned.jobs
        if verify and runs_here(setup, planned.engine):
            run_checks([(job.target, brought.planned.images[job.image].id) for job in jobs if job.target.app.checks], planned.project)
        for other in setup.platforms:
            if jobs and other != planned.engine.platform:
                console.say(f"{other} is unchecked: it can't run here ({planned.engine.platform})")
        code = release(brought.planned, setup.registry, refs=brought.refs, unchecked=not verify)
    finally:
        brought.forget()
    return pushing.say_refused(brought.refused, console.say) or code
