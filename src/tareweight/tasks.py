"""Invoke tasks: parse, call, hand to console. Nothing else."""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from invoke import Collection, Context, Exit, task

from tareweight import console
from tareweight.errors import TareError

Task = TypeVar("Task", bound=Callable[..., Any])
_HELP = {
    "app": "only this app (repeatable)",
    "variant": "only this variant (repeatable)",
    "set": "build argument K=V for every Dockerfile that declares K (repeatable)",
    "bases": "where bases come from: auto, upstream or debian",
    "nearest-base": "take the nearest version of a base that can't be had",
    "tag": "also tag <variant>-TAG; 'git' is the commit's short id",
    "jobs": "how many at once (default: tareweight.toml, else 16)",
    "no-cache": "build every step anew",
    "force": "build what is up to date too",
    "pull": "ask registries and mirrors for newer bases",
    "fail-fast": "cancel the rest after the first failure",
    "dry-run": "only say what would be built, and why",
    "no-verify": "don't run the checks on what was built",
    "baseline": "compare with this variant",
    "sort": "app, size, ratio, layers or first-answer",
    "format": "table, markdown, csv or json",
}
_MATRIX = ("app", "variant")
_BUILD = (*_MATRIX, "set", "bases", "nearest-base")


def _help(*names: str) -> dict[str, str]:
    return {name: _HELP[name] for name in names}


def guarded(body: Task) -> Task:
    """The one boundary: every error becomes one line and an exit code, Ctrl-C becomes 130."""

    @functools.wraps(body)
    def inner(*args: Any, **kwargs: Any) -> Any:
        # A terminating signal cancels builds and checks as Ctrl-C does.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            return body(*args, **kwargs)
        except TareError as error:
            console.error(str(error))
            raise Exit(code=error.exit_code) from None
        except KeyboardInterrupt:
            console.error("interrupted")
            raise Exit(code=130) from None
        except BrokenPipeError:
            raise Exit(code=141) from None
        except OSError as error:
            # A full disk, a folder that may not be written: the file is in the error's own words.
            console.error(str(error))
            raise Exit(code=1) from None

    return inner  # type: ignore[return-value]


def _wishes(app: Iterable[str] = (), variant: Iterable[str] = (), set_: Iterable[str] = (), **rest: Any) -> Any:
    from tareweight.project import Wishes

    return Wishes(apps=tuple(app), variants=tuple(variant), sets=tuple(set_), **rest)


@task(name="list", iterable=["app", "variant"], help=_help(*_MATRIX))
@guarded
def list_(_c: Context, app: Any = None, variant: Any = None) -> None:
    """Show the matrix: every app in every variant, and the bases it names."""
    from tareweight.project import open_project

    project = open_project(_wishes(app or (), variant or ()))
    for read in project.reads:
        bases = ", ".join(read.dockerfile.images) if read.dockerfile else read.error
        console.out(f"{read.target.name:<28} {bases or 'scratch'}")


@task(
    name="build-all",
    iterable=["app", "variant", "set_"],
    help=_help(*_BUILD, "tag", "jobs", "no-cache", "force", "pull", "fail-fast", "dry-run", "no-verify"),
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
) -> None:
    """Build every app in every variant that is out of date, and run its checks."""
    wishes = _wishes(app or (), variant or (), set_ or (), jobs=jobs, bases=bases, tag=tag, nearest_base=nearest_base, pull=pull)
    _build(wishes, no_cache=no_cache, force=force, fail_fast=fail_fast, dry_run=dry_run, no_verify=no_verify)


@task(iterable=["set_"], help=_help(*_BUILD, "tag", "force"))
@guarded
def build(
    _c: Context, app: str = "", variant: str = "", set_: Any = None, bases: str = "", nearest_base: bool = False, tag: str = "", force: bool = False
) -> None:
    """Build one app, or one variant of it: the short form of build-all."""
    wishes = _wishes((app,) if app else (), (variant,) if variant else (), set_ or (), bases=bases, tag=tag, nearest_base=nearest_base)
    _build(wishes, force=force)


def _build(wishes: Any, *, no_cache: bool = False, force: bool = False, fail_fast: bool = False, dry_run: bool = False, no_verify: bool = False) -> None:
    from tareweight import project as projects
    from tareweight.build import run
    from tareweight.engine.client import require_buildx

    project = projects.open_project(wishes)
    why = "no cache" if no_cache else "forced" if force else ""
    make = None if dry_run else functools.partial(projects.make_bases, project=project, say=console.say)
    planned = projects.make_plan(project, force=why, make=make)
    console.say(planned.bases.how)
    if dry_run:
        for job in planned.jobs:
            console.out(f"{job.target.name:<28} {job.error or job.stale or 'up to date'}")
        return
    stale = any(job.stale and not job.error for job in planned.jobs)
    if stale:
        require_buildx()
    outcomes = run.run(
        planned.jobs,
        engine=planned.engine,
        settings=project.settings,
        at_once=project.jobs_at_once,
        source=projects.source_labels(project.settings.root) if stale else {},
        tell=console.progress,
        no_cache=no_cache,
        fail_fast=fail_fast,
    )
    console.failures(outcomes)
    console.summary(outcomes)
    failed = any(outcome.state not in {"built", "fresh"} for outcome in outcomes)
    due = [] if no_verify else projects.unproven(planned, outcomes)
    if due and not _verify(due, project):
        failed = True
    if failed:
        raise Exit(code=1)


def _verify(targets: list[Any], project: Any) -> bool:
    """Run the checks, several targets at once, and say what came of each. True when none failed."""
    from concurrent.futures import ThreadPoolExecutor

    from tareweight.check import reaper
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
        beyond = f"  beyond the lock-down: {verdict.declared}" if verdict.declared else ""
        console.say(f"{target.name:<24} check {word} {verdict.passed}/{verdict.total}{beyond}")
        for failure in verdict.failures:
            console.say(f"    {failure.check}: {failure.why}")
    return not any(verdict.failures for verdict in verdicts)


@task(iterable=["app", "variant"], help=_help(*_MATRIX, "jobs"))
@guarded
def verify(_c: Context, app: Any = None, variant: Any = None, jobs: str = "") -> None:
    """Run each app's checks on every variant's image, locked down."""
    from tareweight.build.plan import image_name
    from tareweight.engine.client import connect, inspect
    from tareweight.project import open_project

    project = open_project(_wishes(app or (), variant or (), jobs=jobs))
    connect()
    names = {image_name(project.settings, read.target): read.target for read in project.reads}
    images = inspect(list(names))
    for name, target in names.items():
        if name not in images:
            console.say(f"{target.name:<24} no image: run `invoke build-all`")
    good = _verify([(target, images[name].id) for name, target in names.items() if name in images], project)
    if not good or len(images) < len(names):
        raise Exit(code=1)


@task(iterable=["app", "variant", "set_"], help=_help(*_BUILD, "baseline", "sort", "format"))
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
    project = projects.open_project(_wishes(app or (), variant or (), set_ or (), bases=bases, nearest_base=nearest_base))
    planned = projects.make_plan(project)
    comparison = comparing.compare(
        projects.measure(planned), baseline=baseline or None, sort=sort or None, engine=str(planned.engine), store=planned.engine.store
    )
    console.out(report.render(comparison, format))


@task(iterable=["app", "variant", "set_"], help=_help(*_BUILD, "tag"))
@guarded
def bake(_c: Context, app: Any = None, variant: Any = None, set_: Any = None, bases: str = "", nearest_base: bool = False, tag: str = "") -> None:
    """Print the same plan as a bake file: `invoke bake | docker buildx bake -f -`."""
    from tareweight import project as projects
    from tareweight.build.command import bake as bake_file

    project = projects.open_project(_wishes(app or (), variant or (), set_ or (), bases=bases, nearest_base=nearest_base, tag=tag))
    planned = projects.make_plan(project, make=functools.partial(projects.make_bases, project=project, say=console.say))
    for job in planned.jobs:
        if job.error:
            console.say(f"{job.target.name:<24} left out: {job.error}")
    console.out(bake_file([job for job in planned.jobs if not job.error], settings=project.settings, source=projects.source_labels(project.settings.root)))


@task(iterable=["app", "variant", "set_"], help=_help(*_BUILD))
@guarded
def bases(_c: Context, app: Any = None, variant: Any = None, set_: Any = None, bases: str = "", nearest_base: bool = False) -> None:
    """List the bases that the Dockerfiles name, with source, size and digest."""
    from tareweight import project as projects
    from tareweight.engine.client import history_sizes, inspect

    project = projects.open_project(_wishes(app or (), variant or (), set_ or (), bases=bases, nearest_base=nearest_base))
    planned = projects.make_plan(project)
    console.say(planned.bases.how)
    names = {base.reference: base.recipe.tag if base.recipe else base.reference for base in planned.bases.all}
    images = inspect(list(names.values()))
    for base in planned.bases.all:
        image = images.get(names[base.reference])
        size = f"{sum(history_sizes(image.id)) / 1e6:9.1f} MB" if image else "   not here"
        state = "" if base.identity else "  (to be made)"
        console.out(f"{base.reference:<38} {base.source:<9} {size}  {base.digest}{state}")
        if base.stand_in:
            console.out(f"    stood in for by {base.stand_in}")
    for job in planned.jobs:
        if job.error:
            console.say(f"{job.target.name}: {job.error}")


@task(iterable=["app", "variant"], help=_help(*_MATRIX))
@guarded
def clean(_c: Context, app: Any = None, variant: Any = None) -> None:
    """Remove exactly what Tareweight made for this project: its targets' images and .tare/."""
    from tareweight import cleaning
    from tareweight.project import open_project

    for line in cleaning.clean(open_project(_wishes(app or (), variant or ()))):
        console.say(line)


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


namespace = Collection(list_, build_all, build, verify, compare, bake, bases, clean)
namespace.add_collection(Collection("engine", up, down, status))
