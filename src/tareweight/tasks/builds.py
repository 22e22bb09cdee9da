"""Tasks that build, check, list and clean."""

from __future__ import annotations

import functools
from typing import Any

from invoke import Context, Exit

from tareweight import console
from tareweight.tasks import fleet
from tareweight.tasks.checking import run_checks
from tareweight.tasks.common import BUILD, FLEET, MATRIX, guarded, options, task, wishes


@task(name="list", iterable=["app", "variant"], help=options(*MATRIX))
@guarded
def list_(_c: Context, app: Any = None, variant: Any = None) -> None:
    """Show the matrix: every app in every variant, and the bases it names."""
    from tareweight.project import open_project

    project = open_project(wishes(app or (), variant or ()))
    for read in project.reads:
        bases = ", ".join(read.dockerfile.images) if read.dockerfile else read.error
        console.out(f"{read.target.name:<28} {bases or 'scratch'}")


@task(
    name="build-all",
    iterable=["app", "variant", "set_", "cache_from", "cache_to"],
    help=options(*BUILD, "tag", "jobs", "no-cache", "force", "pull", "fail-fast", "dry-run", "no-verify", *FLEET),
)
@guarded
def build_all(
    _c: Context,
    app: Any = None,
    variant: Any = None,
    jobs: str = "",
    set_: Any = None,
    no_cache: bool = False,
    force: bool = False,
    pull: bool = False,
    fail_fast: bool = False,
    bases: str = "",
    nearest_base: bool = False,
    tag: str = "",
    dry_run: bool = False,
    no_verify: bool = False,
    builder: str = "",
    platform: str = "",
    cache_from: Any = None,
    cache_to: Any = None,
    push: bool = False,
    registry: str = "",
) -> None:
    """Build every app in every variant that is out of date, and run its checks."""
    wish = wishes(app or (), variant or (), set_ or (), jobs=jobs, bases=bases, tag=tag, nearest_base=nearest_base, pull=pull)
    asked = None
    if builder or platform or cache_from or cache_to or push or registry:
        from tareweight.work.fleet import Asked

        asked = Asked(builder, (platform,) if platform else (), tuple(cache_from or ()), tuple(cache_to or ()), push, registry, not no_verify)
    build_chosen(wish, no_cache=no_cache, force=force, fail_fast=fail_fast, dry_run=dry_run, no_verify=no_verify, asked=asked)


@task(iterable=["set_"], help=options(*BUILD, "tag", "force"))
@guarded
def build(
    _c: Context, app: str = "", variant: str = "", set_: Any = None, bases: str = "", nearest_base: bool = False, tag: str = "", force: bool = False
) -> None:
    """Build one app, or one variant of it: the short form of build-all."""
    wish = wishes((app,) if app else (), (variant,) if variant else (), set_ or (), bases=bases, tag=tag, nearest_base=nearest_base)
    build_chosen(wish, force=force)


def build_chosen(
    wish: Any,
    *,
    no_cache: bool = False,
    force: bool = False,
    fail_fast: bool = False,
    dry_run: bool = False,
    no_verify: bool = False,
    asked: Any = None,
) -> None:
    """Build and check what was chosen, and say what came of it. `Exit` with 1 where a target failed, with 4 where one is over budget and so not pushed.

    `asked` (a `fleet.Asked`) is what goes beyond building on the engine, for it.
    """
    from tareweight import project as projects
    from tareweight.build import run
    from tareweight.engine.client import require_buildx

    project = projects.open_project(wish)
    why = "no cache" if no_cache else "forced" if force else ""
    make = None if dry_run else functools.partial(projects.make_bases, project=project, say=console.say)
    setup = _setup(asked, project)
    planned = projects.make_plan(project, force=why, make=make, setup=setup, look=fleet.look(setup, project))
    console.say(planned.bases.how)
    if dry_run:
        for job in planned.jobs:
            console.out(f"{job.target.name:<28} {job.error or job.stale or 'up to date'}")
        return
    stale = any(job.stale and not job.error for job in planned.jobs)
    if stale:
        require_buildx()
        _lend(planned, setup)
    outcomes = run.run(
        planned.jobs,
        engine=planned.engine,
        settings=project.settings,
        at_once=project.jobs_at_once,
        source=projects.source_labels(project.settings.root) if stale else {},
        tell=console.progress,
        no_cache=no_cache,
        fail_fast=fail_fast,
        setup=setup,
    )
    console.failures(outcomes)
    console.summary(outcomes)
    failed = any(outcome.state not in {"built", "fresh"} for outcome in outcomes)
    if setup and setup.registry:
        code = fleet.release_brought(planned, outcomes, setup, verify=not no_verify)
    else:
        due = [] if no_verify else projects.unproven(planned, outcomes)
        if due and not run_checks(due, project):
            failed = True
        code = fleet.release_built(planned, outcomes, asked.registry) if asked and asked.push else 0
    if failed or code:
        raise Exit(code=1 if failed else code)


def _setup(asked: Any, project: Any) -> Any:
    if asked is None:
        return None
    from tareweight.work.fleet import judged

    return judged(asked, project)


def _lend(planned: Any, setup: Any) -> None:
    """Bring the bases that only this engine has to a builder that can't see them."""
    if setup is None or setup.builder.own:
        return
    from tareweight.build.lend import lend

    wanted = {base.reference: base for job in planned.jobs if job.stale and not job.error for base in job.bases}
    lend(list(wanted.values()), setup, tare=planned.project.settings.tare, say=console.say)


@task(iterable=["app", "variant"], help=options(*MATRIX, "jobs"))
@guarded
def verify(_c: Context, app: Any = None, variant: Any = None, jobs: str = "") -> None:
    """Run each app's checks on every variant's image, locked down."""
    from tareweight.build.plan import image_name
    from tareweight.engine.client import connect, inspect
    from tareweight.project import open_project

    project = open_project(wishes(app or (), variant or (), jobs=jobs))
    connect()
    names = {image_name(project.settings, read.target): read.target for read in project.reads}
    images = inspect(list(names))
    for name, target in names.items():
        if name not in images:
            console.say(f"{target.name:<24} no image: run `invoke build-all`")
    good = run_checks([(target, images[name].id) for name, target in names.items() if name in images], project)
    if not good or len(images) < len(names):
        raise Exit(code=1)


@task(iterable=["app", "variant", "set_"], help=options(*BUILD, "tag"))
@guarded
def bake(_c: Context, app: Any = None, variant: Any = None, set_: Any = None, bases: str = "", nearest_base: bool = False, tag: str = "") -> None:
    """Print the same plan as a file for `docker buildx bake -f -`."""
    from tareweight import project as projects
    from tareweight.build.command import bake as bake_file

    project = projects.open_project(wishes(app or (), variant or (), set_ or (), bases=bases, nearest_base=nearest_base, tag=tag))
    planned = projects.make_plan(project, make=functools.partial(projects.make_bases, project=project, say=console.say))
    for job in planned.jobs:
        if job.error:
            console.say(f"{job.target.name:<24} left out: {job.error}")
    console.verbatim(bake_file([job for job in planned.jobs if not job.error], settings=project.settings, source=projects.source_labels(project.settings.root)))


@task(iterable=["app", "variant", "set_"], help=options(*BUILD))
@guarded
def bases(_c: Context, app: Any = None, variant: Any = None, set_: Any = None, bases: str = "", nearest_base: bool = False) -> None:
    """List the bases that the Dockerfiles name, with source, size and digest."""
    from tareweight import project as projects
    from tareweight.engine.client import history, inspect
    from tareweight.report import text

    project = projects.open_project(wishes(app or (), variant or (), set_ or (), bases=bases, nearest_base=nearest_base))
    planned = projects.make_plan(project)
    console.say(planned.bases.how)
    names = {base.reference: base.recipe.tag if base.recipe else base.reference for base in planned.bases.all}
    images = inspect(list(names.values()))
    width = max((len(name) for name in names), default=0)
    for base in planned.bases.all:
        image = images.get(names[base.reference])
        size = text.size(sum(size for size, _ in history(image.id))) if image else "not here"
        console.out(f"{base.reference:<{width}}  {base.source:<8}  {size:>8}  {base.digest or 'to be made'}")
        if base.stand_in:
            console.out(f"    <- {base.stand_in}")
    for job in planned.jobs:
        if job.error:
            console.say(f"{job.target.name}: {job.error}")


@task(iterable=["app", "variant"], help=options(*MATRIX))
@guarded
def clean(_c: Context, app: Any = None, variant: Any = None) -> None:
    """Remove exactly what Tareweight made for this project: its targets' images and .tare/."""
    from tareweight import cleaning
    from tareweight.project import open_project

    for line in cleaning.clean(open_project(wishes(app or (), variant or ()))):
        console.say(line)


