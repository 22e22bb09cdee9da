"""Tasks that weigh and tell."""

from __future__ import annotations

from typing import Any

from invoke import Context, Exit

from tareweight import console
from tareweight.tasks.common import BUILD, MATRIX, guarded, options, task, wishes

ONE_BY_ONE = "table, markdown or json"


def _weighed(project: Any, *, download: bool = False) -> tuple[Any, Any]:
    """The project planned, and its images on the scale."""
    from tareweight import project as projects
    from tareweight import weighing

    planned = projects.make_plan(project, weigh=True)
    return planned, weighing.weigh_all(planned, say=console.say, pack=download)


@task(iterable=["app", "variant", "set_"], help=options(*BUILD, "baseline", "sort", "format", "wide", "download", "against"))
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
    against: str = "",
    set_: Any = None,
    bases: str = "",
    nearest_base: bool = False,
) -> None:
    """Show what each variant costs: one table of sizes, downloads, packages, attack surface and checks."""
    from tareweight import compare as comparing
    from tareweight import report, weighing
    from tareweight.project import open_project

    report.known(format)
    project = open_project(wishes(app or (), variant or (), set_ or (), bases=bases, nearest_base=nearest_base))
    then = {}
    if against:
        from tareweight import lock

        then = lock.against(against, project.settings.root)
    planned, weighed = _weighed(project, download=download)
    comparison = comparing.compare(
        weighing.measure(planned, weighed),
        baseline=baseline or None,
        sort=sort or None,
        engine=str(planned.engine),
        store=planned.engine.store,
        against=against,
        then=then,
    )
    console.out(report.render(comparison, format, wide=wide))
    console.job_summary(lambda: report.render(comparison, "markdown", wide=wide))


@task(iterable=["app", "variant"], help=options(*MATRIX, "download"))
@guarded
def baseline(_c: Context, app: Any = None, variant: Any = None, download: bool = False) -> None:
    """Write tareweight.lock.json: what every target weighs now, for budgets and `compare --against`."""
    from tareweight import lock, weighing
    from tareweight.catalog import discover
    from tareweight.project import open_project
    from tareweight.settings import BASELINE

    project = open_project(wishes(app or (), variant or ()))
    planned, weighed = _weighed(project, download=download)
    entries = weighing.entries(planned, weighed)
    left_out = [read.target.name for read in project.reads if read.target.name not in entries]
    if entries:
        file = project.settings.root / BASELINE
        lock.write(file, entries, [target.name for target in discover(project.settings)])
        console.say(f"{file}: {len(entries)} target{'' if len(entries) == 1 else 's'} written")
    if left_out:
        console.say(f"not written, for there is no image that is up to date: {', '.join(left_out)}; run `invoke build-all`")
        raise Exit(code=1)


@task(iterable=["app", "variant"], help={**options(*MATRIX), "format": ONE_BY_ONE})
@guarded
def budget(_c: Context, app: Any = None, variant: Any = None, format: str = "table") -> None:
    """Hold every image to the limits in its app.toml; exit 4 where one is broken, with the packages behind it."""
    from tareweight import lock, weighing
    from tareweight.project import open_project
    from tareweight.report import budget as report

    report.known(format)
    project = open_project(wishes(app or (), variant or ()))
    then = lock.of_project(project.settings.root)
    # A download that nobody limits need not be known.
    planned, weighed = _weighed(project, download=any(read.target.limits.download is not None for read in project.reads))
    results = weighing.budgets(planned, weighed, then)
    console.out(report.render(results, format))
    console.job_summary(lambda: report.render(results, "markdown"))
    if failure := report.failure(results):
        raise failure


@task(help={**options(*MATRIX), "format": "cyclonedx (1.6) or spdx (2.3)"})
@guarded
def sbom(_c: Context, app: str = "", variant: str = "", format: str = "cyclonedx") -> None:
    """Print the bill of materials of one image as JSON."""
    from tareweight import sbom as bills
    from tareweight import weighing
    from tareweight.project import open_project

    project = open_project(wishes((app,) if app else (), (variant,) if variant else ()))
    target = weighing.one_target(project)
    weight, created = weighing.weigh_target(project, target, say=console.say)
    console.verbatim(bills.document(weight, name=target.app.name, version=target.app.version, format=format, timestamp=created))


@task(help={**options(*MATRIX), "format": ONE_BY_ONE})
@guarded
def explain(_c: Context, app: str = "", variant: str = "", format: str = "table") -> None:
    """Say where the bytes of one image are, what was left behind in it, and what would make it smaller."""
    from tareweight import weighing
    from tareweight.project import open_project
    from tareweight.report import explain as report
    from tareweight.report import known

    known(format, report.FORMATS)
    project = open_project(wishes((app,) if app else ()))
    console.out(report.render(weighing.explanation(project, variant, say=console.say), format))


@task(help={
    "app": "the app whose variants are compared; without it --from and --to are any two images",
    "from": "variant or image to start from (default: the app's baseline)",
    "to": "variant or image to arrive at",
    "format": ONE_BY_ONE,
})  # fmt: skip
@guarded
def diff(_c: Context, app: str = "", from_: str = "", to: str = "", format: str = "table") -> None:
    """Say what changed between two images: packages, files, configuration and surface, every byte accounted for."""
    from tareweight import weighing
    from tareweight.project import open_project
    from tareweight.report import difference as report
    from tareweight.report import known

    known(format, report.FORMATS)
    project = open_project(wishes((app,) if app else ()))
    names = weighing.two_images(project, app, from_, to)
    console.out(report.render(weighing.difference_of(names, project, say=console.say), format))
